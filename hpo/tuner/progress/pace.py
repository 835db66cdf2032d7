"""How far a search is, and when it will be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hpo.storage.events import Event, EventKind
from hpo.tuner.progress.lanes import seconds_of

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

    def add(self, seconds: float) -> None:
        self.total += seconds
        self.count += 1

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
            # What was forecast may be too little; all is done only when the last trial is.
            return max(self._expected, self._reported + (self.finished != self.num_trials))
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
        return self._run.speed(self._now, [known.since for known in self._open.values() if known.runs])

    @property
    def seconds_left(self) -> float | None:
        """The forecast as of the last event; None before there is anything to go by."""
        costs = self._run.costs()
        if self.total is None or costs is None:
            return None
        first, later = costs
        if self._expected is not None:
            a_unit = self.seconds_a_unit
            return None if a_unit is None else a_unit * max(0, self.total - self.done)
        units = (self.epochs or 1) - 1
        left = {trial: self._left_of(known, first, later) for trial, known in self._open.items()}
        waiting = max(0, (self.num_trials or 0) - self.finished - len(self._open))
        lanes = self._run.lanes({trial: left[trial] for trial, known in self._open.items() if known.runs})
        # Trials that wait for a place of their own go on with what they have left.
        paused = sum(left[trial] for trial, known in self._open.items() if not known.runs)
        a_trial = first + units * later
        jobs = waiting + (paused / a_trial if a_trial else 0.0)
        return seconds_of(lanes, self._run.num_lanes, jobs / self._run.members, a_trial)

    def _left_of(self, known: _Open, first: float, later: float) -> float:
        """How long an open trial still takes."""
        todo = (self.epochs or 1) - (known.epoch if self.epochs else 0)
        if todo <= 0:
            return 0.0
        # A trial may be larger than others: its own epochs say so, once there is one beyond the first.
        own = known.seconds if known.pieces > 1 and known.seconds is not None else later
        next_one = own if known.pieces else first
        age = min(next_one, self._now - known.since) if known.runs else 0.0
        return next_one - age + (todo - 1) * own

    def _measure(self, trial: int, known: _Open, units: int) -> None:
        seconds = (self._now - known.since) / max(1, units)
        self._run.add(trial, seconds, units, is_first=known.pieces == 0)
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
        members: how many trials train together, on average.
    """

    def __init__(self) -> None:
        self.num_lanes = 1
        self.members = 1.0
        self._began: float | None = None
        self._sizes = _Mean()
        self._cohorts: dict[int, int] = {}
        self._running: dict[int, None] = {}
        # The trials that began before anything was measured: their first epochs have the warm-up in them.
        self._wave: set[int] = set()
        self._warm, self._first, self._later = _Mean(), _Mean(), _Mean()
        self._units = 0
        self._freed: list[float] = []

    def start(self, trial: int, now: float) -> float:
        """Take in that a trial started; since when its place was free."""
        self._running[trial] = None
        if self._began is None:
            self._began = now
        if not self._units:
            self._wave.add(trial)
        # What lies between two trials, such as the search for the next config, is work on the next one.
        return self._freed.pop() if self._freed else now

    def form(self, trials: list[int]) -> None:
        """Take in that these trials train together."""
        self._sizes.add(len(trials))
        self.members = self._sizes.value or 1.0
        self._cohorts |= dict.fromkeys(trials, trials[0])

    def leave(self, trial: int, since: float) -> None:
        """Take in that a trial ended or paused, and since when nothing of it was measured."""
        self._running.pop(trial, None)
        self._cohorts.pop(trial, None)
        self._freed.append(since)

    def add(self, trial: int, seconds: float, units: int, *, is_first: bool) -> None:
        """Take in how long a trial's epoch took, or each of several."""
        self.num_lanes = max(self.num_lanes, len({self._lane(one) for one in self._running}))
        self._units += units
        kind = self._later if not is_first else self._warm if trial in self._wave else self._first
        kind.add(seconds)

    def costs(self) -> tuple[float, float] | None:
        """What the first epoch of a trial takes, and each later one; None before one was measured."""
        first, later = self._first.value, self._later.value
        if first is None:
            first = self._warm.value
            # How much of it comes again with each trial is not known yet.
            if first is not None and later is not None:
                first = (first + later) / 2
        if first is None or later is None:
            known = later if first is None else first
            return None if known is None else (known, known)
        return first, later

    def lanes(self, left: dict[int, float]) -> list[float]:
        """How long each lane is busy, ascending, by how long each of its trials is."""
        busy: dict[int, float] = {}
        for trial, seconds in left.items():
            lane = self._lane(trial)
            busy[lane] = max(busy.get(lane, 0.0), seconds)
        return sorted(busy.values())

    def speed(self, now: float, since: list[float]) -> float | None:
        """How many seconds of the search an epoch takes; None before one was measured.

        Args:
            now: the time.
            since: when the last epoch ended of each trial that runs.
        """
        costs = self.costs()
        if costs is None or self._began is None:
            return None
        usual = max(costs[1], 1e-9)
        # What is under way counts in part, so that many workers are not taken for one.
        units = self._units + sum(min(1.0, (now - one) / usual) for one in since)
        warm_up = max(0.0, (self._warm.value or 0.0) - costs[0])
        return max(0.0, now - self._began - warm_up) / units

    def _lane(self, trial: int) -> int:
        """The number of the cohort in which a trial trains, or one of its own."""
        return self._cohorts.get(trial, -1 - trial)
