"""How far a search is, and when it will be done."""

from __future__ import annotations

from dataclasses import dataclass

from hpo.storage.events import Event, EventKind

_ENDS = (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_FAILED)


@dataclass
class _Open:
    """A trial without an end: its last start, its last epoch, and whether it runs or waits."""

    attempt: int
    epoch: int = 0
    runs: bool = True


class Pace:
    """Counts what is done and forecasts the rest, from the study's own clock.

    A trial that fails ends early, so an epoch's time is the mean over epochs that were trained, and the
    rest are the epochs of the trials to come. Where the epochs of a trial are not known, the unit
    is the trial, and the forecast comes after the first one. Trials that train together report one right
    after the other what took the time once, so the forecast waits for the last of them. Configs that a user
    added are no work and do not count.

    Args:
        num_trials: how many there will be; None where it is not known.
        epochs: reports of each trial; None where it is not known.
        expected: reports of all trials together, where a scheduler stops some early; None where none does.

    Attributes:
        finished: trials that ended.
        seconds_a_unit: how long an epoch takes, or a trial where their epochs are not known; None before the
            first.
    """

    def __init__(self, num_trials: int | None, epochs: int | None, expected: int | None = None) -> None:
        self.num_trials = num_trials
        self.epochs = epochs
        self.finished = 0
        self._expected = expected
        self._reported = 0
        self._open: dict[int, _Open] = {}
        self._cohort: list[int] = []
        self._units = 0
        self.seconds_a_unit: float | None = None
        self._began: float | None = None
        self._now = 0.0

    def take(self, event: Event) -> None:
        """Take in an event of the study."""
        self._now = max(self._now, event.elapsed)
        if event.trial is None:
            return
        if event.kind is EventKind.COHORT_FORMED:
            self._cohort = event.data["trials"]
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
            self._units += self.epochs is not None
        elif event.kind is EventKind.TRIAL_PAUSED:
            known.runs = False
        elif event.kind in _ENDS:
            del self._open[event.trial]
            self.finished += 1
            self._units += self.epochs is None
        if self._units and self._began is not None and self._is_level():
            self.seconds_a_unit = (self._now - self._began) / self._units

    def begin_anew(self) -> None:
        """Let the forecast rest on what comes from now on: what came before was another run's."""
        self._units, self._began, self.seconds_a_unit = 0, None, None
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
    def seconds_left(self) -> float | None:
        """The forecast as of the last event; None before there is anything to go by."""
        if self.seconds_a_unit is None or self.total is None:
            return None
        return self.seconds_a_unit * max(0, self.total - self.done)

    def _is_level(self) -> bool:
        """Whether all trials that train together have reported the same epoch."""
        known = [self._open[trial] for trial in self._cohort if trial in self._open]
        return len({one.epoch for one in known if one.runs}) <= 1

    def _start(self, event: Event, trial: int) -> None:
        if trial in self._open:
            known = self._open.pop(trial)
            self._open[trial] = _Open(event.attempt, known.epoch)
        elif event.attempt == 0 and "proposal" in event.data:
            self._open[trial] = _Open(0)
        else:
            return
        self._began = event.elapsed if self._began is None else self._began


def spoken(seconds: float) -> str:
    """A duration in words, as exact as a forecast is: `45 s`, `3 min 20 s`, `2 h 05 min`.

    Example:
        >>> spoken(200.4)
        '3 min 20 s'
    """
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
