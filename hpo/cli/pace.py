"""How far a search is, and when it will be done."""

from __future__ import annotations

from hpo.events import Event, EventKind


class Pace:
    """Counts what is done and forecasts the rest, from the study's own clock.

    A trial that fails ends early, so an epoch's time is the mean over epochs that were trained, and the
    rest are the epochs of the trials to come. Where nobody knows how many epochs a trial has, the unit
    is the trial, and the forecast comes after the first one.

    Args:
        num_trials: how many there will be.
        epochs: reports of each trial; None where nobody knows.

    Attributes:
        finished: trials that ended.
        epoch: reports of the trial under way.
    """

    def __init__(self, num_trials: int, epochs: int | None) -> None:
        self.num_trials = num_trials
        self.epochs = epochs
        self.finished = 0
        self.epoch = 0
        self._reports = 0
        self._began: float | None = None
        self._now = 0.0

    def take(self, event: Event) -> None:
        """Take in an event of the study."""
        self._now = event.elapsed
        if event.kind is EventKind.TRIAL_STARTED:
            self._began = event.elapsed if self._began is None else self._began
            self.epoch = 0
        elif event.kind is EventKind.REPORTED:
            self.epoch += 1
            self._reports += 1
        elif event.kind in (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_FAILED):
            self.finished += 1
            self.epoch = 0

    @property
    def total(self) -> int:
        """What there is to do: epochs, or trials where nobody knows their epochs."""
        return self.num_trials * (self.epochs or 1)

    @property
    def done(self) -> int:
        """How much of `total` needs no more work."""
        if self.epochs is None:
            return self.finished
        return min(self.finished * self.epochs + min(self.epoch, self.epochs), self.total)

    @property
    def seconds_left(self) -> float | None:
        """The forecast as of the last event; None before there is anything to go by."""
        units = self.finished if self.epochs is None else self._reports
        if not units or self._began is None:
            return None
        return (self._now - self._began) / units * (self.total - self.done)


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
