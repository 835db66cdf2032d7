"""The one place that writes to a study's log."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

from hpo.errors import ObjectiveError
from hpo.objective.decision import Decision, Verdict
from hpo.objective.failure import FailureKind
from hpo.objective.function import UNNAMED, NotFiniteError, Result, ResultError, check_epoch
from hpo.storage import ClaimedError
from hpo.storage.events import Event, EventKind, metrics_to_json, to_text
from hpo.study.history import GAVE_UP
from hpo.study.study import Study
from hpo.study.trial import Metric, Report, metrics_document

Callback: TypeAlias = Callable[[Event, Study], None]
"""Is called with each event after the study has taken it in."""


class Writer:
    """Turns what happens in a search into events, checks them and passes them on.

    An event is committed to the storage, if there is one, before anything is done that follows from it. If
    a commit fails, because the disk is full, say, its events are committed with the next one that succeeds.

    Args:
        study: a study with its first event, or one that continues.
        callbacks: receive every event that is written, and those of other tuners on the same study.
        clock: returns seconds, and never goes back.
    """

    def __init__(
        self,
        study: Study,
        callbacks: Iterable[Callback] = (),
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._history = study.history
        self._study = study
        self._callbacks = tuple(callbacks)
        self._uncommitted: list[Event] = []
        self._untold: list[Event] = []
        self._holds = 0
        self._clock = clock
        self._offset = 0.0
        self.wind_clock()

    def wind_clock(self) -> None:
        """Let the study's own time continue from its last event, so that a pause is no work on it."""
        log = self._history.events
        worked = log.elapsed(len(log) - 1) if log else 0.0
        self._offset = self._clock() - worked

    def begin(self) -> None:
        """Tell the callbacks of the study's first event, which was written before this writer existed."""
        if self._callbacks:
            self._untold.append(self._history.events[0])
            self._tell()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit all that is recorded inside the block at once, at the end of the outermost block."""
        self._holds += 1
        try:
            yield
        finally:
            # After an error, too: what was recorded has happened, and its trial may have trained an epoch.
            self._holds -= 1
            if not self._holds:
                self._commit()

    def read_on(self) -> None:
        """Read the events that other tuners wrote."""
        store = self._history.store
        if store is not None:
            # What is not committed yet is in the history, but has no number in the storage.
            known = len(self._history.events) - len(self._uncommitted)
            for event in store.events(known):
                self._take(event)
            self._tell()

    def place(self, backend: str | None, reason: str, device: str | None) -> None:
        """Record the backend and the device.

        Raises:
            ClaimedError: another tuner did.
        """
        data = {"backend": backend, "reason": reason, "device": device}
        self._claim(EventKind.BACKEND_CHOSEN, data)

    def plan(self, kind: str, members: int, reason: str) -> None:
        """Record how many trials of a kind train together.

        Raises:
            ClaimedError: another tuner recorded a plan.
        """
        data = {"kind": kind, "members": members, "reason": reason}
        # The attempt numbers the plans: of two tuners that add the next one, the second is refused.
        self._claim(EventKind.COHORT_PLANNED, data, attempt=len(self._history.plans))

    def form(self, trials: Sequence[int], epoch: int) -> None:
        """Record that these trials train together from this epoch on."""
        self._write(EventKind.COHORT_FORMED, {"trials": list(trials)}, trials[0], epoch=epoch)

    def test(self, trial: int, metrics: Mapping[str, float]) -> None:
        """Record the metrics of a trial's config on the sealed test set."""
        self._write(EventKind.TEST_SET_OPENED, {"metrics": metrics_to_json(metrics)}, trial)

    def note(self, topic: str, text: str) -> None:
        """Record a remark."""
        self._write(EventKind.NOTED, {"topic": topic, "text": text})

    def replicate(self, trial: int, draw: int, metrics: Mapping[str, float]) -> None:
        """Record the metrics of a trial's config on another draw."""
        self._write(EventKind.REPLICATED, {"metrics": metrics_to_json(metrics)}, trial, attempt=draw)

    def start(self, config: Mapping[str, Any], notes: Mapping[str, Any]) -> int:
        """Record that a new trial starts, and return its id.

        Args:
            config: its config.
            notes: what else to keep: `proposal`, `info`, `until`, `owner`. None and empty ones are left out.

        Raises:
            ClaimedError: another tuner started a trial; its event has been taken in.
        """
        # A proposal of number 0 is kept.
        data = {"config": config} | {key: value for key, value in notes.items() if value or value == 0}
        trial = self._history.num_trials
        self._claim(EventKind.TRIAL_STARTED, data, trial, attempt=0)
        return trial

    def restart(self, trial: int, notes: Mapping[str, Any]) -> None:
        """Record that a trial goes on, after a pause or an interruption.

        Args:
            trial: its id.
            notes: what to keep of it, as for `start`, and `lost` after the loss of its process.

        Raises:
            ClaimedError: another tuner was first, or the trial has ended.
        """
        data = {key: value for key, value in notes.items() if value or value == 0}
        attempt = self._history.attempt(trial) + 1
        self._claim(EventKind.TRIAL_STARTED, data, trial, attempt=attempt)
        # No other event claims this start of a trial that has ended; the fold passed it over as too late.
        if self._history.attempt(trial) != attempt:
            raise ClaimedError(f"Trial {trial} ended before it could be started again.")

    def report(self, trial: int, epoch: int | None, result: Result) -> tuple[Report, bool]:
        """Record what a trial reported. NaN and infinity are recorded as they are.

        A trial that was started again may report once more what the log has; then that counts.

        Args:
            trial: its id.
            epoch: from 1; None for the one after the last.
            result: what it reported.

        Returns:
            The report as the log has it, and whether it was new.

        Raises:
            ResultError: the metric is missing.
            ObjectiveError: it reported several metrics and none was named as the one to optimise.
        """
        metrics = self._named(trial, result)
        last, attempt = self._history.last_epoch(trial), self._history.attempt(trial)
        number = check_epoch(last + 1 if epoch is None else epoch)
        if number <= last:
            return Report(number, self._said_before(trial, number, metrics)), False
        report = Report(number, metrics)
        self._write(EventKind.REPORTED, metrics_to_json(metrics), trial, attempt, number)
        return report, True

    def checkpoint(self, trial: int, epoch: int) -> None:
        """Record that the checkpoint of an epoch was written."""
        self._write(EventKind.CHECKPOINTED, {}, trial, epoch=epoch)

    def decide(self, trial: int, decision: Decision) -> None:
        """Record that a trial is paused, stopped or completed; nothing if it goes on.

        Raises:
            ResultError: it is to be completed with NaN or infinity.
        """
        if decision.verdict is Verdict.COMPLETE:
            self.complete(trial, None, decision.reason)
        elif not decision.goes_on:
            self._write(_KINDS[decision.verdict], {"reason": decision.reason}, trial)

    def end_paused(self, trial: int, reason: str) -> None:
        """Record that a paused trial will never go on.

        Raises:
            ClaimedError: another tuner was first, or the trial runs again already.
        """
        self._claim(EventKind.TRIAL_STOPPED, {"reason": reason}, trial)

    def complete(self, trial: int, result: Result | None, reason: str = "") -> None:
        """Record the end of a trial with its final result; None for its last report.

        Args:
            trial: its id.
            result: what its objective returned.
            reason: a remark on its end, if there is one.

        Raises:
            ResultError: there is no result, its metric is missing, or NaN or infinite.
            ObjectiveError: it has several metrics and none was named as the one to optimise.
        """
        said = {"reason": reason} if reason else {}
        if result is not None:
            metrics = self._named(trial, result)
            self.check_finite(metrics)
            self._write(EventKind.TRIAL_COMPLETED, said | {"metrics": metrics_to_json(metrics)}, trial)
            return
        last = self._history.last_report(trial)
        if last is None:
            raise ResultError("nothing was reported")
        self.check_finite(last)
        self._write(EventKind.TRIAL_COMPLETED, said, trial)

    def fail(
        self,
        trial: int,
        reason: str,
        traceback: str | None = None,
        *,
        kind: FailureKind = FailureKind.ERROR,
        cause: str | None = None,
    ) -> None:
        """Record the end of a trial without a result.

        Args:
            trial: its id.
            reason: why, in one line.
            traceback: where, as Python prints it.
            kind: what kind of failure it is.
            cause: what other failures for the same cause have in common; None if that is not known.
        """
        given = {"reason": reason, "traceback": traceback, "kind": kind.value, "cause": cause}
        data = {key: value for key, value in given.items() if value is not None}
        self._write(EventKind.TRIAL_FAILED, data, trial)

    def give_up(self, text: str, trials: Sequence[int]) -> None:
        """Record that the search was given up, for what came of these failed trials: they may run again."""
        self._write(EventKind.NOTED, {"topic": GAVE_UP, "text": text, "trials": list(trials)})

    def check_finite(self, metrics: Mapping[str, float], epoch: int | None = None) -> None:
        """Refuse NaN and infinity as values of the metrics that are optimised.

        Raises:
            NotFiniteError: there is one.
        """
        for metric in self._history.metrics:
            if not math.isfinite(metrics[metric.name]):
                where = "" if epoch is None else f" at epoch {epoch}"
                raise NotFiniteError(f"{metric.name} is {metrics[metric.name]}{where}")

    def _named(self, trial: int, result: Result) -> dict[str, float]:
        """The result by metric names. The first result of a study chooses them if the user did not."""
        results = result if isinstance(result, dict) else {UNNAMED: result}
        if not self._history.metrics:
            self._name_metric(trial, results)
        wanted = [metric.name for metric in self._history.metrics]
        # `UNNAMED` is empty, so this turns "" into the metric's name, and ".std" into "<metric>.std".
        if UNNAMED in results:
            results = {wanted[0] + name: value for name, value in results.items()}
        missing = [name for name in wanted if name not in results]
        if missing:
            raise ResultError(
                f"it gave no {missing[0]!r}, which is what the study optimises, but {', '.join(results)}; "
                f"name another metric with minimize={next(iter(results))!r}, or give this one"
            )
        return results

    def _name_metric(self, trial: int, results: Mapping[str, float]) -> None:
        """Let the first result decide what is optimised."""
        # The spread over several draws is no metric of its own.
        names = [name for name in results if name.removesuffix(".std") == name or name[:-4] not in results]
        if len(names) > 1:
            text = (
                f"The objective returned several metrics ({', '.join(names)}), and the search does not say "
                f"which one to optimise. Name it: minimize={names[0]!r}, or maximize=."
            )
            # Recorded before it ends the search: else a resumption would run the trial again.
            self.fail(trial, text, kind=FailureKind.RESULT)
            raise ObjectiveError(text)
        with suppress(ClaimedError):  # another tuner's first result said so
            metric = Metric(names[0] or "value")
            self._claim(EventKind.METRICS_CHOSEN, {"metrics": metrics_document([metric])})

    def _said_before(self, trial: int, epoch: int, metrics: dict[str, float]) -> dict[str, float]:
        """What the log has of this epoch. A difference in what is optimised is recorded."""
        logged = self._history.report(trial, epoch) or {}
        names = [metric.name for metric in self._history.metrics]
        # As text: NaN equals itself there.
        if [str(logged.get(name)) for name in names] != [str(metrics.get(name)) for name in names]:
            data = {"logged": metrics_to_json(logged), "received": metrics_to_json(metrics)}
            self._write(EventKind.NONDETERMINISTIC, data, trial, epoch=epoch)
        return logged or metrics

    def _event(
        self,
        kind: EventKind,
        data: Mapping[str, Any],
        trial: int | None,
        attempt: int | None,
        epoch: int | None,
    ) -> Event:
        if attempt is None:
            attempt = 0 if trial is None else self._history.attempt(trial)
        now = self._clock() - self._offset
        return Event(kind, trial, attempt, epoch, to_text(data), time.time(), now)

    def _write(
        self,
        kind: EventKind,
        data: Mapping[str, Any],
        trial: int | None = None,
        attempt: int | None = None,
        epoch: int | None = None,
    ) -> None:
        """Record what only this tuner can record: the study takes it in first, the storage then."""
        event = self._event(kind, data, trial, attempt, epoch)
        self._take(event, data)
        if self._history.store is not None:
            self._uncommitted.append(event)
        if not self._holds:
            self._commit()

    def _claim(
        self, kind: EventKind, data: Mapping[str, Any], trial: int | None = None, attempt: int | None = None
    ) -> None:
        """Record what another tuner may record, too: the storage decides first, and only then the study.

        Raises:
            ClaimedError: another one did; its events have been taken in.
        """
        event = self._event(kind, data, trial, attempt, None)
        if self._history.store is not None:
            try:
                self._append([*self._uncommitted, event])
            except ClaimedError:
                # Nothing was appended, nor what waited for the next commit: that goes without the claim.
                self._commit()
                self.read_on()
                raise
        self._take(event, data)
        self._tell()

    def _commit(self) -> None:
        if self._uncommitted:
            self._append(self._uncommitted)
        self._tell()

    def _append(self, events: list[Event]) -> None:
        """Commit events, and read what others wrote before them."""
        store = self._history.store
        assert store is not None
        # Only a commit that succeeded empties the list: after an error the events wait for the next one.
        others = store.append(events, len(self._history.events) - len(self._uncommitted))
        self._uncommitted = []
        for event in others:
            self._take(event)

    def _take(self, event: Event, data: Mapping[str, Any] | None = None) -> None:
        self._history.append(event, data)
        if self._callbacks:
            self._untold.append(event)

    def _tell(self) -> None:
        while self._untold:
            # Out of the list first: a callback that raises is not called again with the same event.
            event = self._untold.pop(0)
            for callback in self._callbacks:
                callback(event, self._study)


_KINDS = {Verdict.PAUSE: EventKind.TRIAL_PAUSED, Verdict.STOP: EventKind.TRIAL_STOPPED}
