"""How far a search is, and when it will be done."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from hpo.storage.events import Event, EventKind
from hpo.tuner.progress.lanes import seconds_of

LONG = 20.0
"""From so many seconds on a first epoch tells what an epoch takes, although the warm-up is in it."""

_ENDS = (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_FAILED)


@dataclass(slots=True)
class _Open:
    """A trial without an end.

    Attributes:
        attempt: its last start.
        since: when its last epoch ended, or when it started.
        epoch: its last epoch.
        pieces: how many epochs it trained since its start.
        seconds: how long the last of them took.
        runs: whether it runs, or waits.
    """

    attempt: int
    since: float
    epoch: int = 0
    pieces: int = 0
    seconds: float | None = None
    runs: bool = True


@dataclass(slots=True)
class _Mean:
    """A mean of durations that grows."""

    total: float = 0.0
    count: int = 0

    def add(self, seconds: float, count: int = 1) -> None:
        self.total += seconds
        self.count += count

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


class Pace:
    """Counts what is done and forecasts the rest, from the study's own clock.

    What a trial takes is its first epoch, which may load data and compile, and its later ones: both are
    means over what was measured, the very first one apart once there are others. Where the epochs of a trial
    are not known, the unit is the trial, and the forecast comes after the first one. Trials side by side in
    processes, and cohorts that train together, are *lanes*, each of which goes on with the next trials when
    it is done. Where a scheduler stops trials early, the rest are the epochs that it is expected to train, at
    the speed so far. Configs that a user added are no work and do not count.

    Args:
        num_trials: how many there will be; None where it is not known.
        epochs: reports of each trial; None where it is not known.
        expected: reports of all trials together, where a scheduler stops some early; None where none does.
        clock: seconds to go by in place of the study's own clock, where that is a virtual one.

    Attributes:
        finished: trials that ended.
    """

    def __init__(
        self,
        num_trials: int | None,
        epochs: int | None,
        expected: int | None = None,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.num_trials = num_trials
        self.epochs = epochs
        self.finished = 0
        self._expected = expected
        self._clock = clock
        self._reported = 0
        self._open: dict[int, _Open] = {}
        self._now = 0.0
        self._run = _Measured()

    def __contains__(self, trial: object) -> bool:
        """Whether a trial was started and has not ended."""
        return trial in self._open

    def take(self, event: Event) -> None:
        """Take in an event of the study."""
        self._now = max(self._now, event.elapsed if self._clock is None else self._clock())
        if event.trial is None:
            return
        if event.kind is EventKind.COHORT_FORMED:
            self._run.form(event.data["trials"])
            return
        if event.kind is EventKind.TRIAL_STARTED:
            self._start(event, event.trial)
            return
        known = self._open.get(event.trial)
        if known is None or event.attempt != known.attempt:
            return  # of a config that was added, or too late
        if event.kind is EventKind.REPORTED:
            # A report without an epoch is of the next one.
            before, known.epoch = known.epoch, max(known.epoch + 1, event.epoch or 0)
            self._reported += known.epoch - before
            if self.epochs is not None:
                self._measure(event.trial, known, known.epoch - before)
        elif event.kind is EventKind.TRIAL_PAUSED:
            known.runs = False
            self._run.leave(event.trial, known.since)
        elif event.kind in _ENDS:
            self._end(event, event.trial, known)

    def begin_anew(self) -> None:
        """Let the forecast rest on what comes from now on: what came before was another run's."""
        self._run = _Measured()
        for known in self._open.values():
            known.runs = False

    @property
    def running(self) -> list[int]:
        """The trials that run, in the order of their starts."""
        return [trial for trial, known in self._open.items() if known.runs]

    @property
    def total(self) -> int | None:
        """What there is to do: epochs, or trials where their epochs are not known; None if neither is."""
        if self._expected is not None:
            # What was forecast may be too much, if those that are open are trained to their ends, or too
            # little; all is done only when the last trial is.
            expected = self._expected
            if self.epochs is not None and self.num_trials is not None:
                expected = min(expected, self._reported + self._most_left(self.epochs, self.num_trials))
            return max(expected, self._reported + (self.finished != self.num_trials))
        return None if self.num_trials is None else self.num_trials * (self.epochs or 1)

    @property
    def done(self) -> int:
        """How much of `total` needs no more work."""
        if self._expected is not None:
            return self.total or 0 if self.finished == self.num_trials else self._reported
        if self.epochs is None:
            return self.finished
        under_way = sum(min(known.epoch, self.epochs) for known in self._open.values())
        done = self.finished * self.epochs + under_way
        return done if self.total is None else min(done, self.total)

    @property
    def seconds_a_unit(self) -> float | None:
        """How long an epoch takes of the search's time, or a trial where their epochs are not known."""
        return self._run.seconds_a_unit()

    @property
    def seconds_left(self) -> float | None:
        """The forecast as of the last event; None before there is anything to go by."""
        if self.total is None:
            return None
        if self._expected is not None:
            a_unit = self.seconds_a_unit
            return None if a_unit is None else a_unit * max(0, self.total - self.done)
        costs = self._run.costs(is_one_piece=self.epochs in (None, 1))
        if costs is None:
            return None
        first, later = costs
        units = (self.epochs or 1) - 1
        left = {trial: self._left_of(trial, known, first, later) for trial, known in self._open.items()}
        waiting = max(0, (self.num_trials or 0) - self.finished - len(self._open))
        lanes = self._run.lanes({trial: left[trial] for trial, known in self._open.items() if known.runs})
        # Trials that wait for a place of their own go on with what they have left.
        paused = sum(left[trial] for trial, known in self._open.items() if not known.runs)
        a_trial = first + units * later
        jobs = waiting + (paused / a_trial if a_trial else 0.0)
        return seconds_of(lanes, self._run.num_lanes, jobs / self._run.members, a_trial)

    def _most_left(self, epochs: int, num_trials: int) -> int:
        """How many epochs are left if no trial is stopped any more."""
        open_ = sum(max(0, epochs - known.epoch) for known in self._open.values())
        return open_ + max(0, num_trials - self.finished - len(self._open)) * epochs

    def _left_of(self, trial: int, known: _Open, first: float, later: float) -> float:
        """How long an open trial still takes."""
        todo = (self.epochs or 1) - (known.epoch if self.epochs else 0)
        if todo <= 0:
            return 0.0
        # A trial may be larger than others: its own epochs say so, once one is without a warm-up.
        own, scale = known.seconds, self._run.scale(trial)
        if own is None or (known.pieces == 1 and self._run.is_warming_up(trial)):
            own = later * scale
        next_one = own if known.pieces else first * scale
        age = min(next_one, self._now - known.since) if known.runs else 0.0
        return next_one - age + (todo - 1) * own

    def _measure(self, trial: int, known: _Open, units: int) -> None:
        seconds = (self._now - known.since) / max(1, units)
        self._run.add(trial, known.epoch, seconds, units, is_first=known.pieces == 0)
        known.since, known.seconds = self._now, seconds
        known.pieces += 1

    def _start(self, event: Event, trial: int) -> None:
        if trial in self._open:
            known = self._open.pop(trial)
            if known.runs:  # its process was lost
                self._run.leave(trial, known.since)
            self._open[trial] = _Open(event.attempt, self._run.start(trial, self._now), known.epoch)
        elif event.attempt == 0 and "proposal" in event.data:
            self._open[trial] = _Open(0, self._run.start(trial, self._now))

    def _end(self, event: Event, trial: int, known: _Open) -> None:
        # One that gave a result without reporting epochs is a unit, or all units, at once.
        if self.epochs is None or (not known.pieces and event.kind is EventKind.TRIAL_COMPLETED):
            self._measure(trial, known, self.epochs or 1)
        del self._open[trial]
        self.finished += 1
        self._run.leave(trial, known.since)


class _Measured:
    """What was measured since the search began, or went on.

    Attributes:
        num_lanes: how many trials, or cohorts, ran side by side at most.
        members: how many trials train together at most.
    """

    def __init__(self) -> None:
        self.num_lanes = 1
        self.members = 1
        # For each cohort its last epoch, and how many trained it.
        self._sizes: dict[int, tuple[int, int]] = {}
        self._cohorts: dict[int, int] = {}
        self._running: dict[int, None] = {}
        # The trials that began before anything was measured: their first epochs have the warm-up in them.
        self._wave: set[int] = set()
        self._warm, self._first, self._later, self._share = _Mean(), _Mean(), _Mean(), _Mean()
        self._has_measured = False
        self._freed: list[float] = []

    def start(self, trial: int, now: float) -> float:
        """Take in that a trial started; since when its place was free."""
        self._running[trial] = None
        if not self._has_measured:
            self._wave.add(trial)
        # What lies between two trials, such as the search for the next config, is work on the next one.
        return self._freed.pop() if self._freed else now

    def form(self, trials: list[int]) -> None:
        """Take in that these trials train together."""
        self.members = max(self.members, len(trials))
        self._cohorts |= dict.fromkeys(trials, trials[0])
        self._sizes[trials[0]] = 0, len(trials)

    def scale(self, trial: int) -> float:
        """How much quicker an epoch is where fewer train together than was measured.

        By how much depends on the machine: between not at all, and in proportion to their number.
        """
        lane = self._lane(trial)
        size = self._sizes[lane][1] if lane >= 0 else 1
        return (1 + size / self.members) / 2

    def is_warming_up(self, trial: int) -> bool:
        """Whether a trial began before anything was measured."""
        return trial in self._wave

    def leave(self, trial: int, since: float) -> None:
        """Take in that a trial ended or paused, and since when nothing of it was measured."""
        self._running.pop(trial, None)
        self._cohorts.pop(trial, None)
        self._freed.append(since)

    def add(self, trial: int, epoch: int, seconds: float, units: int, *, is_first: bool) -> None:
        """Take in how long a trial's epoch took, or each of several."""
        lane = self._lane(trial)
        if lane >= 0 and self._sizes[lane][0] < epoch:
            # Counted at the first report of an epoch: some leave before the last one has reported.
            self._sizes[lane] = epoch, sum(self._lane(one) == lane for one in self._running)
        if len(self._running) > self.num_lanes:
            self.num_lanes = max(self.num_lanes, len({self._lane(one) for one in self._running}))
        self._has_measured = True
        if is_first and trial in self._wave:
            self._warm.add(seconds)
            return
        (self._first if is_first else self._later).add(seconds)
        # Each member of a cohort takes its part of what all take together.
        self._share.add(seconds * units / (self._sizes[lane][1] if lane >= 0 else 1), units)

    def costs(self, *, is_one_piece: bool) -> tuple[float, float] | None:
        """What the first epoch of a trial takes, and each later one; None before that is known.

        Args:
            is_one_piece: whether a trial has no later ones.
        """
        first, later, warm = self._first.value, self._later.value, self._warm.value
        if first is None and later is None:
            # Processes start, and frameworks compile, for seconds: a short first epoch says nothing.
            return (warm, warm) if warm is not None and (is_one_piece or warm >= LONG) else None
        if first is None:
            # How much of the warm-up comes again with each trial is not known yet; mostly it is little.
            first = later if warm is None or later is None else math.sqrt(warm * later)
        return first or 0.0, first or 0.0 if later is None else later

    def lanes(self, left: dict[int, float]) -> list[float]:
        """How long each lane is busy, ascending, by how long each of its trials is."""
        busy: dict[int, float] = {}
        for trial, seconds in left.items():
            lane = self._lane(trial)
            busy[lane] = max(busy.get(lane, 0.0), seconds)
        return sorted(busy.values())

    def seconds_a_unit(self) -> float | None:
        """How many seconds of the search an epoch takes; None before that is known."""
        share, warm = self._share.value, self._warm.value
        if share is None and warm is not None and warm >= LONG:
            share = warm / self.members
        return None if share is None else share / self.num_lanes

    def _lane(self, trial: int) -> int:
        """The number of the cohort in which a trial trains, or one of its own."""
        return self._cohorts.get(trial, -1 - trial)
