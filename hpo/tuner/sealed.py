"""The sealed test set, opened once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from hpo.errors import ObjectiveError, SealedTestSetError
from hpo.executors import Assignment, Companion, kept_in
from hpo.executors.cohorts import CohortExecutor
from hpo.executors.placement import choose_placement
from hpo.objective.context import Opening
from hpo.objective.function import Objective, Result
from hpo.storage.events import EventKind
from hpo.study.study import Study
from hpo.study.writer import Writer


def final_test(study: Study, *, objective: Callable[..., Any] | None = None) -> float:
    """Evaluate the best config of a study on the test set that was sealed during the search.

    The best of many validation errors is too good by selection, so the last word belongs to examples
    that selected nothing. Data with `validation="holdout"` keep them sealed. Here the objective runs once
    more with the best config, the same seed and the same training examples, and is validated on them.
    The result is kept with the study as `study.tested`.

    Args:
        study: a study whose objective validates on a held-out part, such as
            `SoftmaxTask(validation="holdout")` or a function that uses `FashionMNIST(validation="holdout")`.
        objective: what was searched over, where the study does not have it (it was made from a log).

    Returns:
        The study's metric on the test set.

    Raises:
        SealedTestSetError: it was opened before; the text has the result.
        ObjectiveError: no trial completed, the objective failed, or it keeps no test set sealed.
        ValueError: the study has no objective and none is given.
    """
    metric, best = study.metric, study.best
    if study.tested is not None:
        raise SealedTestSetError(
            f"The test set of the study {study.name!r} was opened before, for trial {study.tested.trial}: "
            f"{metric.name} = {study.tested.metrics[metric.name]:.6g}. Looking again after more "
            f"trials would make it a validation set."
        )
    function = study.objective if objective is None else objective
    if function is None:
        raise ValueError(
            "This study was made from a log and has no objective; pass it: final_test(study, objective=f)."
        )
    opening, reports = Opening(), list[Result]()
    placement, _ = choose_placement(study.seed, study.backend, study.device)
    # In its old place among its old companions it is the model of the search to the last bit.
    executor = CohortExecutor(
        Objective(function), dataclasses.replace(placement, opening=opening), kept_in(reports), fuse=1
    )
    executor.submit(Assignment(best.id, best.config, cohort=_companions(study, best.id)))
    [outcome] = executor.poll()
    if outcome.reason is not None:
        raise ObjectiveError(f"The best config {best.config} failed this time: {outcome.reason}")
    if not opening.used:
        raise ObjectiveError(
            "The objective validates on no held-out part, so there is no sealed test set to open. Search "
            'with validation="holdout", for example FashionMNIST(validation="holdout").'
        )
    result = outcome.result if outcome.result is not None else reports[-1]
    metrics = result if isinstance(result, dict) else {metric.name: result}
    Writer(study).test(best.id, metrics)
    return metrics[metric.name]


def _companions(study: Study, trial: int) -> tuple[Companion, ...]:
    """Those with which a trial trained from its first epoch on; none if it trained alone."""
    for event in study.events:
        if event.kind is EventKind.COHORT_FORMED and not event.epoch and trial in event.data["trials"]:
            return tuple(
                Companion(other, study.trials[other].config, other == trial) for other in event.data["trials"]
            )
    return ()
