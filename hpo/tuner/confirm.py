"""The best configs trained once more: on fresh draws, and on the test set that was sealed."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from hpo.checks import checked_count
from hpo.errors import ObjectiveError, SealedTestSetError
from hpo.executors import Assignment, Companion, Executor, Progress, SerialExecutor
from hpo.executors.cohorts import CohortExecutor
from hpo.executors.placement import choose_placement
from hpo.objective.context import Opening
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.function import Objective, Result
from hpo.storage import ClaimedError
from hpo.storage.events import EventKind
from hpo.study.logged import Tested
from hpo.study.ranks import Confirmed
from hpo.study.study import Study
from hpo.study.trial import Trial, TrialState
from hpo.study.value import values_after
from hpo.study.writer import Writer


def confirm(
    study: Study, *, top: int = 3, replicates: int = 5, objective: Callable[..., Any] | None = None
) -> list[Confirmed]:
    """Train the best configs of a study again on other initial weights and batch orders.

    All configs of a study see the same draws. That makes them comparable, and hides how much the draws
    matter: the best of many is partly the luckiest. Here the best few are trained on draws that selected
    nothing. Each result is kept with the study, so an interrupted call continues where it stopped. A result
    is read as a trial's value is: the last report or, in a study with `value="best"`, the best one.

    Args:
        study: the study with the configs.
        top: how many of its best configs to train.
        replicates: on how many fresh draws each is trained.
        objective: the function that was tuned, if the study lacks it because it was read from a storage.

    Returns:
        The configs, the one with the best mean first. Also in `study.confirmed`.

    Raises:
        ObjectiveError: no trial completed, or a config failed this time.
        ValueError: the study has no objective and none is given, or a number is out of its range.

    Example:
        >>> import hpo
        >>> luck = [0.2, -0.1, 0.0, 0.1]  # what the initial weights of each draw do
        >>> def train(config, trial):
        ...     return abs(config["x"] - luck[trial.replicate])
        >>> study = hpo.search(train, {"x": hpo.Float(-1, 1)}, num_trials=20, seed=0)
        >>> for found in hpo.confirm(study, top=2, replicates=3):
        ...     print(f"trial {found.trial}: {found.before:.3f} before, {found.mean:.3f} on fresh draws")
        trial 10: 0.064 before, 0.136 on fresh draws
        trial 0: 0.134 before, 0.334 on fresh draws
    """
    checked_count("top", top)
    checked_count("replicates", replicates)
    # The search used the draws below `first`.
    known, first = study.history.replicated, study.replicates
    again = _Again(study, objective, "confirm")
    # `top` ranks completed trials only. While there are none, the best is one that was paused or stopped.
    best: Sequence[Trial] = study.top(top) or [study.best]
    for trial in best:
        for draw in range(first, first + replicates):
            if draw not in known.get(trial.id, {}):
                metrics = again.train(trial, replicate=draw).metrics(study)
                # Another process may confirm the same study: then its result is there by now.
                with suppress(ClaimedError):
                    again.writer.replicate(trial.id, draw, metrics)
    return study.confirmed


def final_test(study: Study, *, objective: Callable[..., Any] | None = None) -> float:
    """Evaluate the best config of a study on the test set that was sealed during the search.

    The best of many validation errors is too good by selection, so the last word belongs to examples
    that selected nothing. Data with `validation="holdout"` keep such examples sealed. Here the objective
    runs once more with the best config, the same seed and the same training examples, and is validated on
    the sealed ones. The result is of the same epoch as the config's value in the search, so of the model that
    `study.best.load_into(model)` brings back: the sealed examples choose no epoch. It is kept with the study
    as `study.tested`.

    Args:
        study: a study whose objective validates on a held-out part, such as
            `SoftmaxTask(validation="holdout")` or a function that uses `FashionMNIST(validation="holdout")`.
        objective: the function that was tuned, if the study lacks it because it was made from a log.

    Returns:
        The study's metric on the test set.

    Raises:
        SealedTestSetError: it was opened before; the text has the result.
        ObjectiveError: no trial completed, the objective failed, or it keeps no test set sealed.
        ValueError: the study has no objective and none is given.

    Example:
        >>> import hpo
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import SoftmaxTask
        >>> task = SoftmaxTask(max_epochs=1, batch_size=100, data=sample(), validation="holdout")
        >>> study = hpo.search(
        ...     task, task.space, minimize=task.metric, num_trials=2, seed=0, backend="numpy"
        ... )
        >>> round(hpo.final_test(study), 1)
        0.3
        >>> hpo.final_test(study)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        hpo.errors.SealedTestSetError: The test set of the study 'study' was opened before, for trial 0: ...
    """
    metric, best = study.metric, study.best
    if study.tested is not None:
        raise _opened_before(study, study.tested)
    again, opening = _Again(study, objective, "final_test"), Opening()
    # In its old place among its old companions it is the model of the search to the last bit. fuse=1, as
    # nothing new is planned: the companions are given.
    alone = functools.partial(CohortExecutor, fuse=1)
    trained = again.train(best, alone, cohort=_companions(study, best.id), opening=opening)
    if not opening.used:
        raise ObjectiveError(
            "The objective validates on no held-out part, so there is no sealed test set to open. Search "
            'with validation="holdout", for example FashionMNIST(validation="holdout").'
        )
    metrics = trained.as_of(best)
    # Recorded only now: a training that failed has told nothing of the test set.
    try:
        again.writer.test(best.id, metrics)
    except ClaimedError:
        # Another process opened it at the same time. Which result counts, the log says.
        assert study.tested is not None
        raise _opened_before(study, study.tested) from None
    return metrics[metric.name]


class _Again:
    """Trains configs of a study once more, on its backend and device and with its seed.

    Args:
        study: the study.
        objective: the function that was tuned, if the study lacks it.
        caller: the function that was called, for the error.

    Attributes:
        writer: writes what came of it to the study's log.

    Raises:
        ValueError: the study has no objective and none is given.
    """

    def __init__(self, study: Study, objective: Callable[..., Any] | None, caller: str) -> None:
        function = study.objective if objective is None else objective
        if function is None:
            raise ValueError(
                f"This study was made from a log and has no objective; pass it: {caller}(study, objective=f)."
            )
        self.writer = Writer(study)
        self._metric = study.metric.name
        self._objective = Objective(function)
        self._history = study.history
        granted = (study.history.start_of(trial).get("until") for trial in range(study.history.num_trials))
        # What an objective was told to be a full training: the scheduler itself is not in the log.
        self._final_epoch = max((epoch for epoch in granted if epoch is not None), default=None)
        self._placement, _ = choose_placement(study.seed, study.backend, study.device)

    def train(
        self,
        trial: Trial,
        start: Callable[..., Executor] = SerialExecutor,
        *,
        cohort: tuple[Companion, ...] = (),
        **changed: Any,
    ) -> _Trained:
        """Train a trial's config, as far as a scheduler let the trial train.

        Args:
            trial: the trial.
            start: makes the executor in which it runs.
            cohort: the cohort in which it trains.
            changed: fields of its `Placement` that differ from those of the search.

        Raises:
            ObjectiveError: it failed.
        """
        reports: dict[int, dict[str, float]] = {}

        until = self._until(trial)

        def keep(progress: Progress) -> Decision:
            if progress.result is not None:
                reports[progress.epoch] = self._named(progress.result)
            is_last = until is not None and progress.epoch >= until
            return Decision(Verdict.STOP, "it trained so long in the search") if is_last else CONTINUE

        placement = dataclasses.replace(self._placement, final_epoch=self._final_epoch, **changed)
        executor = start(self._objective, placement, keep)
        executor.submit(Assignment(trial.id, trial.config, until=until, cohort=cohort))
        try:
            [outcome] = executor.poll()
        finally:
            executor.close()
        if outcome.reason is not None:
            when = f"on draw {placement.replicate}" if placement.replicate else "this time"
            raise ObjectiveError(f"Trial {trial.id}, config {trial.config}, failed {when}: {outcome.reason}")
        return _Trained(reports, None if outcome.result is None else self._named(outcome.result))

    def _until(self, trial: Trial) -> int | None:
        """The last epoch to train; None where the objective knows its end, as without a scheduler."""
        granted: int | None = self._history.start_of(trial.id).get("until")
        if granted is None or not trial.reports or trial.state is TrialState.COMPLETED:
            return granted
        return min(granted, trial.reports[-1].epoch)

    def _named(self, result: Result) -> dict[str, float]:
        return result if isinstance(result, dict) else {self._metric: result}


@dataclasses.dataclass(frozen=True)
class _Trained:
    """What came of a training.

    Attributes:
        reports: what was reported of each epoch, in order.
        final: what was returned after that; None if nothing was, and then there is a report.
    """

    reports: dict[int, dict[str, float]]
    final: dict[str, float] | None

    def metrics(self, study: Study) -> dict[str, float]:
        """The metrics that belong to its value, which is read as in the study."""
        found = [*self.reports.values(), *([] if self.final is None else [self.final])]
        signed = [study.metric.sign * each[study.metric.name] for each in found]
        # Of equal ones the earliest is the best, as in the study.
        is_best = study.value_of == "best"
        return found[signed.index(list(values_after(signed, "best"))[-1])] if is_best else found[-1]

    def as_of(self, trial: Trial) -> dict[str, float]:
        """The metrics of the epoch of a trial's value."""
        known = None if trial.epoch is None else self.reports.get(trial.epoch)
        if self.final is not None and (trial.value_was_returned or known is None):
            return self.final
        return self.reports[max(self.reports)] if known is None else known


def _opened_before(study: Study, tested: Tested) -> SealedTestSetError:
    name = study.metric.name
    return SealedTestSetError(
        f"The test set of the study {study.name!r} was opened before, for trial {tested.trial}: "
        f"{name} = {tested.metrics[name]:.6g}. "
        f"Looking again after more trials would make it a validation set."
    )


def _companions(study: Study, trial: int) -> tuple[Companion, ...]:
    """The cohort in which a trial trained from its first epoch on; empty if it trained alone."""
    for event in study.events:
        if event.kind is EventKind.COHORT_FORMED and not event.epoch and trial in event.data["trials"]:
            return tuple(
                Companion(other, study.trials[other].config, other == trial) for other in event.data["trials"]
            )
    return ()
