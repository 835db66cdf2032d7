"""The results of other studies, known to a new one from the start."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from hpo.errors import SpaceError
from hpo.study.study import Study
from hpo.study.trial import TrialState
from hpo.study.value import result_by
from hpo.tuner.lifecycle import Lifecycle


def checked_sources(warm_start: Iterable[Study]) -> list[Study]:
    """The studies whose results a new one knows.

    Raises:
        TypeError: it is something else than several studies.
    """
    sources = list(warm_start) if isinstance(warm_start, Iterable) else [warm_start]
    if not isinstance(warm_start, Iterable) or not all(isinstance(each, Study) for each in sources):
        raise TypeError(
            f"warm_start= takes a list of studies, for example warm_start=[study] or "
            f"warm_start=[hpo.load_study('study.db')]; received {warm_start!r}."
        )
    return sources


def take_over(source: Study, lifecycle: Lifecycle) -> None:
    """Add the completed trials of another study, as far as their configs are of this space."""
    study, left_out = lifecycle.study, 0
    for trial in source.trials:
        try:
            config = study.space.validate(trial.config)
        except SpaceError:
            left_out += 1
            continue
        if trial.state is TrialState.COMPLETED:
            result = result_by(trial, study.value_of, study.metrics)
            lifecycle.add(config, result, {"from": f"{source.name}, trial {trial.id}"})
    if left_out:
        text = f"{left_out} trials of {source.name!r} have configs that are not of this space"
        lifecycle.note("warm start", text)
        warnings.warn(text + "; they were left out.", stacklevel=3)
