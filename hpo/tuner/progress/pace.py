"""How far a search is, and when it will be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hpo.storage.events import Event, EventKind
from hpo.tuner.progress.lanes import seconds_of
from hpo.tuner.progress.measured import Measured

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
        self._run = Measured()

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
        self._run = Measured()
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
            return None if a_unit is None else a_unit * self._slowed() * max(0, self.total - self.done)
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

    def _slowed(self) -> float:
        """How much slower epochs come at the end of a search, where lanes find no trial any more."""
        if self.num_trials is None or self.finished + len(self._open) < self.num_trials:
            return 1.0
        busy = len(self._run.lanes(dict.fromkeys(self.running, 0.0)))
        return self._run.num_lanes / max(1, busy)

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
