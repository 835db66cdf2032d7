"""How long trials were worked on, read from the log.

The clock is the study's own, `Event.elapsed`. A run of a trial lasts from its start to its pause or end; the
run of a process that died lasts to its last sign in the log, and a pause is no work. While trials train
together each of them is charged its share, so that the seconds of all trials add up to the time in which
something was computed, times the number of computations at a time.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hpo.storage.events import EventKind
from hpo.study.log import Log
from hpo.study.logged import ENDINGS

# To look a member up in its class is slow, and a long log is read one event at a time.
_STARTED, _COHORT = EventKind.TRIAL_STARTED, EventKind.COHORT_FORMED


class _Computation:
    """What is computed at once: one running trial, or the running trials of a cohort.

    Attributes:
        trials: their ids.
        since: the time up to which they were charged.
        is_cohort: whether it was recorded that they train together.
    """

    __slots__ = ("is_cohort", "since", "trials")

    def __init__(self, trials: Iterable[int], since: float, *, is_cohort: bool) -> None:
        self.trials = set(trials)
        self.since = since
        self.is_cohort = is_cohort


class WorkedTimes:
    """Reads a log as it grows, and adds up the seconds of each trial."""

    def __init__(self) -> None:
        self._num_read = 0
        self._seconds = array("d")
        self._cohort_seconds = array("d")  # NaN for a trial that was in none
        # The running trials; a computation is the same object for all of its trials.
        self._running: dict[int, _Computation] = {}
        self._attempts: dict[int, int] = {}

    def seconds(self, trial: int) -> float:
        """The trial's share of the time in which it was computed."""
        return self._seconds[trial]

    def cohort_seconds(self, trial: int) -> float | None:
        """For how long the cohorts trained while the trial was in them; None if it never was in one."""
        seconds = self._cohort_seconds[trial]
        return None if math.isnan(seconds) else seconds

    def read_on(self, log: Log, came_late: Callable[[int], bool]) -> None:
        """Read the events since the last call.

        Args:
            log: the log; an event that was read before is still at its place there.
            came_late: says of an event's number whether it has no effect.
        """
        for place in range(self._num_read, len(log)):
            trial = log.trial(place)
            if trial is not None and not came_late(place):
                self._take(log, place, trial)
        self._num_read = len(log)

    def _take(self, log: Log, place: int, trial: int) -> None:
        kind, now = log.kind(place), log.elapsed(place)
        if kind is _STARTED:
            self._start(trial, log.attempt(place), now)
        elif kind is _COHORT:
            self._form(json.loads(log.text(place)), now)
        elif (computation := self._running.get(trial)) is not None:
            self._charge(computation, now)
            if kind in ENDINGS:
                computation.trials.discard(trial)
                del self._running[trial]

    def _start(self, trial: int, attempt: int, now: float) -> None:
        if trial == len(self._seconds):
            self._seconds.append(0.0)
            self._cohort_seconds.append(math.nan)
        self._attempts[trial] = attempt
        # A trial that still ran was interrupted, after its last sign, and goes on in the cohort that it had.
        computation = self._running.setdefault(trial, _Computation([trial], now, is_cohort=False))
        computation.since = now

    def _form(self, content: Mapping[str, Any], now: float) -> None:
        trials = content["trials"]
        # Older versions did not write the attempts. None stands for one that is over.
        attempts = content.get("attempts", list(map(self._attempts.get, trials)))
        here = [
            trial
            for trial, attempt in zip(trials, attempts, strict=True)
            if trial in self._running and attempt == self._attempts[trial]
        ]
        cohort = _Computation(here, now, is_cohort=True)
        for trial in here:
            before = self._running[trial]
            # Before its first cohort a trial waited until those that train with it had started.
            if before.is_cohort:
                self._charge(before, now)
            before.trials.discard(trial)
            self._running[trial] = cohort

    def _charge(self, computation: _Computation, now: float) -> None:
        """Divide the time since the last charge among the trials of a computation."""
        # The clocks of two tuners may differ a little: then no time has passed.
        passed = max(0.0, now - computation.since)
        computation.since = now
        share = passed / len(computation.trials)
        for trial in computation.trials:
            self._seconds[trial] += share
            if computation.is_cohort:
                known = self._cohort_seconds[trial]
                self._cohort_seconds[trial] = passed + (0.0 if math.isnan(known) else known)
