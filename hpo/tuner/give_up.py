"""Mistakes that no trial can survive: when a search is not worth going on with."""

from __future__ import annotations

from typing import NamedTuple

from hpo.objective.failure import FailureKind
from hpo.storage.events import Event, EventKind
from hpo.storage.leases import host_of
from hpo.study.history import History
from hpo.study.notes import GAVE_UP


class GiveUpError(Exception):
    """Nothing that the search would try can come to an end.

    Attributes:
        trials: the failed trials that show it.
    """

    def __init__(self, trials: list[int]) -> None:
        super().__init__(trials)
        self.trials = trials


class _Cause(NamedTuple):
    trial: int
    cause: str | None


class FailureWatch:
    """Reads the log for failures that say that every trial will fail.

    While no trial has completed, these are of two kinds. The first result of a trial is of a wrong kind or
    lacks the metric. Or the first trials to end all failed with the same type of error from the same lines.
    After a first success each failure costs its trial only. Out of memory, arithmetic errors, NaN, lost
    processes and limits of time say nothing of other configs. Each host judges by the trials that ended on
    it, so one that lacks a file, say, ends its own search alone.

    Args:
        history: the study's.
        give_up_after: how many equal failures are enough; None never gives up.
        host: this one's name; None for a study that only this process knows.
    """

    def __init__(self, history: History, give_up_after: int | None, host: str | None) -> None:
        self._history = history
        self._limit = give_up_after
        self._host = host
        self._edition: object = None
        self._num_read = 0
        self._is_proven = give_up_after is None
        self._no_result: list[int] = []
        self._causes: list[_Cause] = []

    def check(self) -> None:
        """Read what came since the last call.

        Raises:
            GiveUpError: no trial can survive.
        """
        if self._is_proven:
            return
        is_first = self._edition is None
        if self._edition is not self._history.edition:
            # What was read may be in another place of the log by now.
            self._edition, self._num_read = self._history.edition, 0
            self._forget()
        events, self._num_read = self._history.effective_since(self._num_read)
        for event in events:
            if self._take(event):
                self._is_proven = True
                return
            if is_first and event is not events[-1] and self._evidence():
                # The search went on all the same: it counts afresh.
                self._forget()
        if trials := self._evidence():
            raise GiveUpError(trials)

    def _evidence(self) -> list[int]:
        """The failed trials that show that no trial can survive; empty while there are none."""
        if self._no_result:
            return self._no_result[:1]
        first = self._causes[: self._limit]
        agree = len(first) == self._limit and len({one.cause for one in first}) == 1
        return [one.trial for one in first] if agree and first[0].cause else []

    def _forget(self) -> None:
        self._no_result.clear()
        self._causes.clear()

    def _take(self, event: Event) -> bool:
        """Take an event in; whether it proves that trials can complete."""
        trial = event.trial
        if event.kind is EventKind.NOTED and event.data["topic"] == GAVE_UP:
            self._forget()
        if event.kind not in _ENDS or trial is None or not self._is_mine(trial):
            return False
        kind, cause = event.data.get("kind"), event.data.get("cause")
        if event.kind is EventKind.TRIAL_STOPPED or cause is not None:
            self._causes.append(_Cause(trial, cause))
        elif kind == FailureKind.RESULT.value and not self._history.last_epoch(trial):
            self._no_result.append(trial)
        return event.kind is EventKind.TRIAL_COMPLETED

    def _is_mine(self, trial: int) -> bool:
        owner = self._history.start_of(trial).get("owner")
        return owner is None or self._host is None or host_of(str(owner)) == self._host


_ENDS = (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_FAILED)
