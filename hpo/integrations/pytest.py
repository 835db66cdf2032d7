"""The fixture `backend` of pytest, which comes with the installed package.

    >>> import hpo
    >>> def test_the_best_rate_is_found(backend):
    ...     study = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=5)
    ...     assert study.backend == backend.name

A test that takes it runs once for each backend of `--hpo-backends numpy,torch`, or of the environment
variable `HPO_TEST_BACKENDS`; where neither is given once, on the backend that `hpo.search` would choose. One
that was asked for and cannot be imported is an error, not a skipped test.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

# Every run of pytest in an environment with this library loads this file, so it imports no more than that.
if TYPE_CHECKING:
    from hpo.backend import Backend

VARIABLE = "HPO_TEST_BACKENDS"
ALL = "all"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take `--hpo-backends`.

    Example:
        `pytest` calls it for each plugin.

        >>> import pytest
        >>> from hpo.integrations.pytest import pytest_addoption
        >>> parser = pytest.Parser(_ispytest=True)
        >>> pytest_addoption(parser)
        >>> parser.parse_known_args(["--hpo-backends", "numpy,torch"]).hpo_backends
        'numpy,torch'
    """
    parser.getgroup("polyhpo").addoption(
        "--hpo-backends",
        metavar="NAME,...",
        help=f"backends on which tests with the fixture `backend` run, or `all` (else {VARIABLE} decides)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Offer the fixture for the backends that are asked for.

    Example:
        `pytest --hpo-backends numpy` calls it with that option.

        >>> import pytest, types
        >>> from hpo.integrations.pytest import pytest_configure
        >>> plugins = pytest.PytestPluginManager()
        >>> pytest_configure(types.SimpleNamespace(getoption=lambda name: "numpy", pluginmanager=plugins))
        >>> plugins.has_plugin("hpo-backend-fixture")
        True
    """
    option = config.getoption("--hpo-backends")
    given = os.environ.get(VARIABLE, "") if option is None else option
    names = [name.strip() for name in given.split(",") if name.strip()]
    if given and not names:
        raise pytest.UsageError(f"--hpo-backends names no backend; received {given!r}.")
    fixture = _for_each(_known(names, given)) if names else _Chosen()
    config.pluginmanager.register(fixture, "hpo-backend-fixture")


class _Chosen:
    """The fixture on the one backend that is chosen anyhow."""

    @pytest.fixture
    def backend(self) -> Iterator[Backend]:
        """The chosen backend, in use."""
        from hpo.backend import registry

        yield from _used(registry.choose().name)


def _for_each(names: Sequence[str]) -> object:
    # Made here, since pytest reads `params` where the fixture is defined.
    class ForEach:
        @pytest.fixture(params=names)
        def backend(self, request: pytest.FixtureRequest) -> Iterator[Backend]:
            """Each backend that was asked for, in use."""
            yield from _used(request.param)

    return ForEach()


def _known(names: Sequence[str], given: str) -> list[str]:
    from hpo.backend import registry
    from hpo.errors import UnknownBackendError

    if list(names) == [ALL]:
        return list(registry.registered())
    try:
        return [registry.canonical_name(name, origin=f"--hpo-backends {given}") for name in names]
    except UnknownBackendError as error:
        raise pytest.UsageError(str(error)) from error


def _used(name: str) -> Iterator[Backend]:
    from hpo.backend import registry

    backend = registry.load(name)
    with registry.use_backend(name):
        yield backend
