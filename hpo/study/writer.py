"""The one place that writes to a study's log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from hpo.errors import ObjectiveError
from hpo.objective.decision import Decision, Verdict
from hpo.objective.failure import FailureKind
from hpo.objective.function import UNNAMED, NotFiniteError, Result, ResultError, check_epoch
from hpo.storage import ClaimedError
from hpo.storage.events import EventKind, metrics_to_json
from hpo.study.appender import Appender, LogEntry
from hpo.study.keep import Keep
from hpo.study.notes import GAVE_UP
from hpo.study.trial import Metric, Report, metrics_document


class Writer(Appender):
    """Turns what happens in a search into events, checks them and passes them on."""

    def place(self, backend: str | None, reason: str, device: str | None) -> None:
        """Record the backend and the device.

        Raises:
            ClaimedError: another tuner did.
        """
        data = {"backend": backend, "reason": reason, "device": device}
        self._claim(self._entry(EventKind.BACKEND_CHOSEN, data))

    def plan(self, kind: str, members: int, reason: str) -> None:
        """Record how many trials of a kind train together.

        Raises:
            ClaimedError: another tuner recorded a plan.
        """
        data = {"kind": kind, "members": members, "reason": reason}
        # The attempt numbers the plans: of two tuners that add the next one, the second is refused.
        self._claim(self._entry(EventKind.COHORT_PLANNED, data, attempt=len(self._history.plans)))

    def form(self, trials: Sequence[int], attempts: Sequence[int | None], epoch: int) -> None:
        """Record that these starts of trials train together from this epoch on; None for one that is over."""
        data = {"trials": list(trials), "attempts": list(attempts)}
        self._record(self._entry(EventKind.COHORT_FORMED, data, trials[0], attempts[0] or 0, epoch))

    def test(self, trial: int, metrics: Mapping[str, float]) -> None:
        """Record the metrics of a trial's config on the sealed test set.

        Raises:
            ClaimedError: another process opened it first.
        """
        attempt = self._history.attempt(trial)
        data = {"metrics": metrics_to_json(metrics)}
        self._claim(self._entry(EventKind.TEST_SET_OPENED, data, trial, attempt))

    def note(self, topic: str, text: str) -> None:
        """Record a remark."""
        self._record(self._entry(EventKind.NOTED, {"topic": topic, "text": text}))

    def replicate(self, trial: int, draw: int, metrics: Mapping[str, float]) -> None:
        """Record the metrics of a trial's config on another draw.

        Raises:
            ClaimedError: another process did.
        """
        data = {"metrics": metrics_to_json(metrics)}
        self._claim(self._entry(EventKind.REPLICATED, data, trial, draw))

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
        self._claim(self._entry(EventKind.TRIAL_STARTED, data, trial))
        return trial

    def add(self, config: Mapping[str, Any], info: Mapping[str, Any], result: Result) -> int:
        """Record a trial whose result is known, its start and its end at once, and return its id.

        Args:
            config: its config.
            info: where it is from.
            result: its result; one that is no result makes it a failed trial.

        Raises:
            ClaimedError: another tuner started a trial; its event has been taken in.
            ObjectiveError: it has several metrics and none was named as the one to optimise.
        """
        start = {"config": config} | ({"info": info} if info else {})
        end: dict[str, Any]
        try:
            metrics = self._named(None, 0, result)
            self.check_finite(metrics)
            kind, end = EventKind.TRIAL_COMPLETED, {"metrics": metrics_to_json(metrics)}
        except ResultError as error:
            kind, end = EventKind.TRIAL_FAILED, {"reason": f"No result: {error}."}
        trial = self._history.num_trials
        self._claim(self._entry(EventKind.TRIAL_STARTED, start, trial), self._entry(kind, end, trial))
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
        self._claim(self._entry(EventKind.TRIAL_STARTED, data, trial, attempt))

    def report(
        self, trial: int, attempt: int, epoch: int, result: Result, *, saved: bool = False
    ) -> tuple[Report, bool]:
        """Record what a trial reported. NaN and infinity are recorded as they are.

        A trial that was started again may report once more what the log has; then that counts.

        Args:
            trial: its id.
            attempt: which start of it reported.
            epoch: from 1.
            result: what it reported.
            saved: whether a checkpoint of this epoch was written, which is recorded with it.

        Returns:
            The report as the log has it, and whether it was new.

        Raises:
            ResultError: the metric is missing.
            ObjectiveError: it reported several metrics and none was named as the one to optimise.
        """
        check_epoch(epoch)
        metrics = self._named(trial, attempt, result)
        written = [self._entry(EventKind.CHECKPOINTED, {}, trial, attempt, epoch)] if saved else []
        if epoch <= self._history.last_epoch(trial):
            logged = self._history.report(trial, epoch) or {}
            self._record(*self._difference(trial, attempt, epoch, logged, metrics), *written)
            return Report(epoch, logged or metrics), False
        document = metrics_to_json(metrics)
        self._record(self._entry(EventKind.REPORTED, document, trial, attempt, epoch), *written)
        return Report(epoch, metrics), True

    def checkpoint(self, trial: int, attempt: int, epoch: int) -> None:
        """Record that the checkpoint of an epoch was written."""
        self._record(self._entry(EventKind.CHECKPOINTED, {}, trial, attempt, epoch))

    def decide(self, trial: int, attempt: int, decision: Decision, unread: Sequence[str] = ()) -> None:
        """Record that a trial is paused, stopped or completed; nothing if it goes on.

        Args:
            trial: its id.
            attempt: which start of it was decided on.
            decision: what was decided.
            unread: the names in its config that its objective has not looked at.

        Raises:
            ResultError: it is to be completed with NaN or infinity.
        """
        if decision.verdict is Verdict.COMPLETE:
            self.complete(trial, attempt, None, decision.reason, unread)
        elif not decision.goes_on:
            data = {"reason": decision.reason} | _unread(unread)
            self._record(self._entry(_KINDS[decision.verdict], data, trial, attempt))

    def end_paused(self, trial: int, reason: str) -> None:
        """Record that a paused trial will never go on.

        Raises:
            ClaimedError: another tuner was first, or the trial runs again already.
        """
        attempt = self._history.attempt(trial)
        data = {"reason": reason} | _unread(self._history.unread(trial))
        self._claim(self._entry(EventKind.TRIAL_STOPPED, data, trial, attempt))

    def complete(
        self,
        trial: int,
        attempt: int,
        result: Result | None,
        reason: str = "",
        unread: Sequence[str] = (),
    ) -> None:
        """Record the end of a trial with its final result; None for its last report.

        Args:
            trial: its id.
            attempt: which start of it ended.
            result: what its objective returned.
            reason: a remark on its end, if there is one.
            unread: the names in its config that its objective did not look at.

        Raises:
            ResultError: there is no result, its metric is missing, or NaN or infinite.
            ObjectiveError: it has several metrics and none was named as the one to optimise.
        """
        said: dict[str, Any] = ({"reason": reason} if reason else {}) | _unread(unread)
        if result is not None:
            metrics = self._named(trial, attempt, result)
            self.check_finite(metrics)
            data = said | {"metrics": metrics_to_json(metrics)}
            self._record(self._entry(EventKind.TRIAL_COMPLETED, data, trial, attempt))
            return
        last = self._history.last_report(trial)
        if last is None:
            raise ResultError("nothing was reported")
        self.check_finite(last)
        self._record(self._entry(EventKind.TRIAL_COMPLETED, said, trial, attempt))

    def fail(
        self,
        trial: int,
        attempt: int,
        reason: str,
        traceback: str | None = None,
        *,
        kind: FailureKind = FailureKind.ERROR,
        cause: str | None = None,
    ) -> None:
        """Record the end of a trial without a result.

        Args:
            trial: its id.
            attempt: the start of it that failed.
            reason: why, in one line.
            traceback: where, as Python prints it.
            kind: what kind of failure it is.
            cause: what other failures for the same cause have in common; None if that is not known.
        """
        given = {"reason": reason, "traceback": traceback, "kind": kind.value, "cause": cause}
        data = {key: value for key, value in given.items() if value is not None}
        self._record(self._entry(EventKind.TRIAL_FAILED, data, trial, attempt))

    def keep(self, keep: Keep) -> None:
        """Record whose models are kept from now on."""
        data = {"topic": "keep", "text": f"{keep}, from here on", "keep": keep}
        self._record(self._entry(EventKind.NOTED, data))

    def give_up(self, text: str, trials: Sequence[int]) -> None:
        """Record that the search was given up, for what came of these failed trials: they may run again."""
        data = {"topic": GAVE_UP, "text": text, "trials": list(trials)}
        self._record(self._entry(EventKind.NOTED, data))

    def check_finite(self, metrics: Mapping[str, float], epoch: int | None = None) -> None:
        """Refuse NaN and infinity as values of the metrics that are optimised.

        Raises:
            NotFiniteError: there is one.
        """
        for metric in self._history.metrics:
            if not math.isfinite(metrics[metric.name]):
                where = "" if epoch is None else f" at epoch {epoch}"
                raise NotFiniteError(f"{metric.name} is {metrics[metric.name]}{where}")

    def _named(self, trial: int | None, attempt: int, result: Result) -> dict[str, float]:
        """The result by metric names. The first result of a study chooses them if the user did not."""
        results = result if isinstance(result, dict) else {UNNAMED: result}
        if not self._history.metrics:
            self._name_metric(trial, attempt, results)
        wanted = [metric.name for metric in self._history.metrics]
        # `UNNAMED` is empty, so this turns "" into the metric's name, and ".std" into "<metric>.std".
        if UNNAMED in results:
            results = {wanted[0] + name: value for name, value in results.items()}
        missing = [name for name in wanted if name not in results]
        if missing:
            raise ResultError(
                f"it gave no {missing[0]!r}, which is what the study optimises, but {', '.join(results)}; "
                f"name one of these as the metric to optimise, or give this one"
            )
        return results

    def _name_metric(self, trial: int | None, attempt: int, results: Mapping[str, float]) -> None:
        """Let the first result decide what is optimised."""
        # The spread over several draws is no metric of its own.
        names = [name for name in results if name.removesuffix(".std") == name or name[:-4] not in results]
        if len(names) > 1:
            said = (
                f"The objective returned several metrics ({', '.join(names)}), and the search does not say "
                f"which one to optimise"
            )
            # Recorded before it ends the search: else a resumption would run the trial again. The mend stays
            # out of the log, which is read in Python and on the command line.
            if trial is not None:
                self.fail(trial, attempt, f"{said}.", kind=FailureKind.RESULT)
            raise ObjectiveError(f"{said}. Name it: minimize={names[0]!r}, or maximize=.")
        with suppress(ClaimedError):  # another tuner's first result said so
            metric = Metric(names[0] or "value")
            data = {"metrics": metrics_document([metric])}
            self._claim(self._entry(EventKind.METRICS_CHOSEN, data))

    def _difference(
        self, trial: int, attempt: int, epoch: int, logged: dict[str, float], metrics: dict[str, float]
    ) -> list[LogEntry]:
        """What is recorded where a report differs from the log's in what is optimised; else nothing."""
        names = [metric.name for metric in self._history.metrics]
        # As text: NaN equals itself there.
        if [str(logged.get(name)) for name in names] == [str(metrics.get(name)) for name in names]:
            return []
        data = {"logged": metrics_to_json(logged), "received": metrics_to_json(metrics)}
        return [self._entry(EventKind.NONDETERMINISTIC, data, trial, attempt, epoch)]


def _unread(names: Sequence[str]) -> dict[str, list[str]]:
    """What an event says of names in a config that were not looked at: nothing where there are none."""
    return {"unread": list(names)} if names else {}


_KINDS = {Verdict.PAUSE: EventKind.TRIAL_PAUSED, Verdict.STOP: EventKind.TRIAL_STOPPED}
