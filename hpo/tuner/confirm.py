"""The best configs once more, on fresh draws: how much of their rank was luck."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from hpo.checks import checked_count
from hpo.errors import ObjectiveError
from hpo.executors import Assignment, SerialExecutor, kept_in
from hpo.executors.placement import Placement, choose_placement
from hpo.objective.function import Objective, Result
from hpo.study.ranking import Confirmed
from hpo.study.study import Study
from hpo.study.trial import Trial
from hpo.study.writer import Writer


def confirm(
    study: Study, *, top: int = 3, replicates: int = 5, objective: Callable[..., Any] | None = None
) -> list[Confirmed]:
    """Train the best configs of a study again on other initial weights and batch orders.

    All configs of a study see the same draws. That makes them comparable, and hides how much the draws
    matter: the best of many is partly the luckiest. Here the best few are trained on draws that selected
    nothing. What each gave is kept with the study, so that an interrupted call goes on where it was.

    Args:
        study: whose best configs.
        top: how many of them.
        replicates: on how many fresh draws each.
        objective: what was searched over, where the study does not have it (it was read from a storage).

    Returns:
        The configs, the one with the best mean first. Also in `study.confirmed`.

    Raises:
        ObjectiveError: no trial completed, or a config failed this time.
        ValueError: the study has no objective and none is given, or a number is out of its range.
    """
    checked_count("top", top)
    checked_count("replicates", replicates)
    function = study.objective if objective is None else objective
    if function is None:
        raise ValueError(
            "This study was read from a log and has no objective; pass it: confirm(study, objective=f)."
        )
    recorder = Writer(study)
    placement, _ = choose_placement(study.seed, study.backend, study.device)
    first = study.replicates
    for trial in [study.best] if top == 1 else study.top(top):
        known = study.history.replicated.get(trial.id, {})
        for draw in range(first, first + replicates):
            if draw not in known:
                here = dataclasses.replace(placement, replicate=draw)
                recorder.replicate(trial.id, draw, _evaluate(Objective(function), trial, here, study))
    return study.confirmed


def _evaluate(objective: Objective, trial: Trial, placement: Placement, study: Study) -> dict[str, float]:
    reports: list[Result] = []
    executor = SerialExecutor(objective, placement, kept_in(reports))
    executor.submit(Assignment(trial.id, trial.config))
    try:
        [outcome] = executor.poll()
    finally:
        executor.close()
    if outcome.reason is not None:
        raise ObjectiveError(
            f"Trial {trial.id}, config {trial.config}, failed on draw {placement.replicate}: {outcome.reason}"
        )
    result = reports[-1] if outcome.result is None else outcome.result
    return result if isinstance(result, dict) else {study.metric.name: result}
