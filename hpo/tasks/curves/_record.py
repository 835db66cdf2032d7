"""Makes a table of learning curves from a study."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hpo.storage.events import EventKind
from hpo.study.study import Study
from hpo.tasks.curves.table import LearningCurves

SECONDS = "seconds"
"""The metric that holds the duration of an epoch."""


def record_curves(study: Study, *, name: str | None = None) -> LearningCurves:
    """Record what a study's trials reported, to replay it: `hpo.record_curves(study).save("mine.npz")`.

    All trials that reported something are taken, including those that failed later. If the objective yields
    no metric `seconds`, the duration of an epoch is taken from the log.

    Args:
        study: of one metric.
        name: the name of the table; by default that of the study.

    Raises:
        ValueError: no trial reported an epoch, or some skipped one.
        ObjectiveError: the study has not exactly one metric.

    Example:
        >>> import hpo
        >>> def objective(config):
        ...     for epoch in range(1, 4):
        ...         yield {"error": config["x"] ** 2 + 1 / epoch, "seconds": 60}
        >>> study = hpo.search(objective, {"x": hpo.Float(-1, 1)}, minimize="error", num_trials=9, seed=0)
        >>> curves = hpo.record_curves(study)
        >>> curves
        <LearningCurves 'study': 9 configs, 3 epochs>

        They are an objective themselves, which trains nothing:

        >>> again = hpo.search(curves, curves.space, minimize="error", scheduler="asha", num_trials=9, seed=0)
        >>> again.best.value == study.best.value
        True
    """
    metric = study.metric
    trials = [trial for trial in study.trials if trial.reports]
    if not trials:
        raise ValueError(
            f"No trial of the study {study.name!r} reported an epoch, so there are no learning curves. "
            f"Record a search whose objective yields its metrics once per epoch."
        )
    for trial in trials:
        if trial.reports[-1].epoch != len(trial.reports):
            raise ValueError(
                f"Trial {trial.id} reported epochs {[report.epoch for report in trial.reports]}; a learning "
                f"curve has every epoch from 1."
            )
    names = list(dict.fromkeys(key for trial in trials for report in trial.reports for key in report.metrics))
    taken = _seconds(study) if SECONDS not in names else {}
    values = {
        key: np.full((len(trials), max(len(trial.reports) for trial in trials)), np.nan)
        for key in [*names, *([SECONDS] if taken else [])]
    }
    for row, trial in enumerate(trials):
        for column, report in enumerate(trial.reports):
            for key, value in report.metrics.items():
                values[key][row, column] = value
            if taken:
                values[SECONDS][row, column] = taken[trial.id, report.epoch]
    return LearningCurves(
        name=name or study.name,
        space=study.space,
        metric=metric,
        configs=[trial.config for trial in trials],
        values=values,
        lengths=[len(trial.reports) for trial in trials],
    )


def _seconds(study: Study) -> dict[tuple[int, int], float]:
    """How long each epoch of each trial took, by the study's clock."""
    kinds = (EventKind.TRIAL_STARTED, EventKind.REPORTED)
    events = [event for event in study.events if event.trial is not None and event.kind in kinds]
    events.sort(key=lambda event: event.trial or 0)  # stable: in each trial as they came
    # An epoch lasts from the event before it of the same trial; time that the trial was paused is left out,
    # since it goes on with another start.
    return {
        (event.trial or 0, event.epoch or 0): event.elapsed - before.elapsed
        for before, event in pairwise(events)
        if event.kind is EventKind.REPORTED
    }
