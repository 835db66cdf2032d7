"""Backends that are to agree, as an assertion."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hpo.backend.interpreters import split_names
from hpo.compare import Comparison, compare_backends
from hpo.integrations.pytest import VARIABLE
from hpo.space import Space


def assert_backends_agree(
    objective: str | Callable[..., Any],
    space: Space | Mapping[str, object] | None = None,
    *,
    backends: Sequence[str] | None = None,
    num_trials: int = 3,
    **options: Any,
) -> Comparison:
    """Fail unless the same configurations train the same on every backend.

    Args:
        objective: a task's name, `module:function`, or a function at the top level of a module.
        space: what its configs are drawn from; a task brings its own.
        backends: at least two, the reference first; by default those that `HPO_TEST_BACKENDS` names.
        num_trials: how many configs.
        options: further arguments of `hpo.compare.compare_backends`, where all are described.

    Returns:
        The comparison, for further questions.

    Raises:
        AssertionError: they do not agree, or one died; the text is the whole comparison.
        CompareError: a backend or the objective cannot be imported.

    Example:
        >>> from hpo.testing import assert_backends_agree
        >>> def test_the_port_trains_the_same():
        ...     assert_backends_agree("softmax", backends=["numpy", "torch"], data="sample", epochs=1)
    """
    chosen = split_names(os.environ.get(VARIABLE, "")) if backends is None else backends
    comparison = compare_backends(objective, space, backends=chosen, num_trials=num_trials, **options)
    if not comparison.agrees:
        raise AssertionError(f"The backends do not agree.\n\n{comparison}")
    return comparison
