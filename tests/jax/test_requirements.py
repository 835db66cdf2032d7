"""What JAX needs to be there, and what is said where it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import flax
import jax
import pytest
import tomllib

from hpo.cli.probe import Availability, probe
from hpo.errors import MissingFrameworkError
from hpo_jax import runtime

SEARCH = """
import sys
for missing in {!r}:
    sys.modules[missing] = None
import hpo
try:
    hpo.search(lambda config: config["x"], {{"x": hpo.Float(0, 1)}}, num_trials=1)
except hpo.HpoError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("jax", "needs jax, which is not installed here. Install it with: pip install"),
        ("jaxlib", "needs jaxlib beside JAX, and it is not installed here. Install it with: pip install"),
        ("flax", "needs flax beside JAX, and it is not installed here. Install it with: pip install"),
        ("optax", "needs optax beside JAX, and it is not installed here. Install it with: pip install"),
    ],
)
def test_what_is_not_installed_is_named_with_the_extra(
    missing: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_BACKEND", "jax")
    done = subprocess.run(
        [sys.executable, "-c", SEARCH.format([missing])], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"MissingFrameworkError The backend 'jax' {said} \"polyhpo[jax]\"\n"


def test_a_module_that_is_missing_inside_of_flax_is_another_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_BACKEND", "jax")
    done = subprocess.run(
        [sys.executable, "-c", SEARCH.format(["msgpack"])], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("BrokenBackendError The backend 'jax' is registered by")
    assert "import of msgpack halted" in done.stdout


@pytest.mark.parametrize(
    ("package", "version"), [(jax, "0.8.0"), (jax, "0.4.38.dev20250101"), (flax, "0.12.0")]
)
def test_one_that_is_too_old_is_told_what_brings_another(
    package: object, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "__version__", version)
    with pytest.raises(
        MissingFrameworkError, match=rf"needs (jax 0\.8|flax 0\.12)\.1 or later; .* {version}.*\[jax\]"
    ):
        runtime.check()


@pytest.mark.parametrize("version", ["0.8.1", "0.9.0.1", "0.10.0", "1.0", "0.11.0.dev20261201+abc"])
def test_one_that_is_new_enough_is_taken(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "__version__", version)
    runtime.check()


def test_a_python_for_which_there_is_no_jax_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(sys, "version", "3.10.13 (main)")
    with pytest.raises(
        MissingFrameworkError, match=r"needs Python 3\.11 or later; this is Python 3\.10\.13, "
    ):
        runtime.check()


def test_the_extra_takes_what_the_backend_takes() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    asked = [each.partition(";")[0] for each in project["optional-dependencies"]["jax"]]
    assert asked == [f"{name}>={version}" for name, version in runtime.OLDEST.items()]


def test_the_command_that_lists_backends_finds_it_with_its_devices() -> None:
    finding = probe("jax")
    assert (finding.state, finding.version) == (Availability.INSTALLED, jax.__version__)
    assert finding.devices[0] == "cpu"
    assert finding.device in finding.devices
