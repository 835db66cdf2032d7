"""Which trials this tuner has, and which starts of them are over."""

from __future__ import annotations

import logging

from hpo.study.history import History

_log = logging.getLogger(__name__)


class Custody:
    """The trials that are out with this tuner: with an executor, or handed out to the caller.

    Args:
        history: the study's, in which other tuners may take a trial over.

    Attributes:
        in_flight: the trials that an executor has, each with the attempt that this tuner started.
        by_hand: those that the caller has, likewise.
        until: the last epoch that is granted to a trial, where one is set.
    """

    def __init__(self, history: History) -> None:
        self.in_flight: dict[int, int] = {}
        self.by_hand: dict[int, int] = {}
        self.until: dict[int, int] = {}
        self._history = history

    def __contains__(self, trial: int) -> bool:
        """Whether a running trial is out with this tuner."""
        # An executor has at most one attempt at a trial, even if that is over. A caller may never tell it.
        return trial in self.in_flight or self.by_hand.get(trial) == self._history.attempt(trial)

    def grant(self, trial: int, until: int | None) -> None:
        """Note the last epoch that is granted to a trial; None for as many as it has."""
        if until is None:
            self.until.pop(trial, None)
        else:
            self.until[trial] = until

    def is_over(self, trial: int, attempt: int) -> bool:
        """Whether a start of a trial is over: it was decided on, or another tuner has the trial."""
        return trial not in self._history.running or attempt != self._history.attempt(trial)

    def was_taken_over(self, trial: int, attempt: int) -> bool:
        """Whether a later start of the trial replaced this one."""
        return trial in range(self._history.num_trials) and attempt < self._history.attempt(trial)

    def let_go(self, trial: int) -> None:
        """Leave a trial to the tuner that took it over."""
        _log.warning(
            "Another tuner took over trial %d, as this one had given no sign of life for a while. What came "
            "of the trial here since then is dropped.",
            trial,
        )
        self.by_hand.pop(trial, None)
        self.until.pop(trial, None)
