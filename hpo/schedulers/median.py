"""The median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.2)."""

from __future__ import annotations

import bisect
import math

from hpo.checks import checked_count, checked_number
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.schedulers.base import Forecast, Grant, Scheduler
from hpo.schedulers.rungs import check_epochs
from hpo.schedulers.standings import Standing, Standings
from hpo.storage.events import EventKind
from hpo.study.numbers import told_apart
from hpo.study.reader import StudyReader
from hpo.study.study import Study


class MedianStopping(StudyReader, Scheduler):
    """Stops a trial whose best value so far is worse than the median of the others' values at this epoch.

    The rule has no rungs: all trials that came to an epoch are compared there. The more trials there were,
    the fewer are trained to the end: of 60 trials about 30 % of the epochs are trained, of 200 trials 20 %.

    Where `max_epochs` is not given, the last epoch shows by itself: enough trials came to it, one of them
    ended there, and none went beyond. A trial that comes to it is not stopped there, as there is nothing left
    to save.

    The paper compares with the others' running averages, from their first epoch on. Where curves fall steeply
    at first, almost all trials are better than these, and about half of all epochs are trained. So here they
    are an option.

    Args:
        max_epochs: the last epoch; None where the objective itself knows its end.
        percentile: the share of the others, in percent, that may be better without the trial being stopped:
            50 is the median, 25 keeps only what is as good as the best quarter. Above 0 and below 100.
        min_epochs: no trial is stopped before this epoch.
        min_trials: the number of other trials that must have come to an epoch before one is stopped there.
        averages: whether the others count with the average of their reports so far, as in the paper.

    Raises:
        ValueError: an argument is out of its range; the text says what was received.
        TypeError: an argument is no number.

    Example:
        >>> import hpo
        >>> def train(config):
        ...     for epoch in range(1, 5):
        ...         yield config["x"] ** 2 + 1 / epoch
        >>> rule = hpo.MedianStopping(max_epochs=4)
        >>> study = hpo.search(train, {"x": hpo.Float(-1, 1)}, scheduler=rule, num_trials=10, seed=0)
        >>> [trial.epoch for trial in study.trials]
        [4, 4, 4, 4, 4, 1, 1, 2, 1, 4]
        >>> study.trials[7].reason
        'its best value 0.7026 by epoch 2 is worse than 0.6481, the median of the values of 5 others'
    """

    needs_epochs = True

    def __init__(
        self,
        max_epochs: int | None = None,
        *,
        percentile: float = 50,
        min_epochs: int = 1,
        min_trials: int = 5,
        averages: bool = False,
    ) -> None:
        self.max_epochs = None if max_epochs is None else check_epochs("max_epochs", max_epochs)
        self.min_epochs = check_epochs("min_epochs", min_epochs)
        if self.max_epochs is not None and self.min_epochs > self.max_epochs:
            raise ValueError(
                f"No trial is stopped before min_epochs, so it is not above max_epochs; received min_epochs="
                f"{min_epochs} and max_epochs={max_epochs}."
            )
        self.percentile = checked_number(
            "percentile", percentile, "a number above 0 and below 100", lambda number: 0 < number < 100
        )
        self.min_trials = checked_count("min_trials", min_trials)
        if not isinstance(averages, bool):
            raise TypeError(f"averages is True or False; received {averages!r}.")
        self.averages = averages
        self._start_over()

    def __repr__(self) -> str:
        last = "" if self.max_epochs is None else f"{self.max_epochs}, "
        averages = ", averages=True" if self.averages else ""
        return f"MedianStopping({last}percentile={self.percentile:g}, min_epochs={self.min_epochs}{averages})"

    def next(self, study: Study, *, can_start: bool) -> Grant | None:
        """A new trial, if one may be started."""
        return Grant(until=self.max_epochs) if can_start else None

    def on_report(self, study: Study, trial: int) -> Decision:
        """Stop the trial if it is behind; let it go on otherwise."""
        self._read(study)
        standing = self._standings[trial]
        best, own = standing.best, self._compared(standing)
        ordered = self._ordered.get(standing.epoch, [])
        others = len(ordered) - 1
        if standing.epoch < self.min_epochs or others < self.min_trials:
            return CONTINUE
        # The trial's own value is among the ordered ones, but the trial is compared with the others only.
        threshold = _percentile(ordered, bisect.bisect_left(ordered, own), self.percentile / 100)
        if best <= threshold or self._seems_last(standing.epoch):
            return CONTINUE
        own_text, other_text = told_apart(study.metric.sign * best, study.metric.sign * threshold)
        name = "the median" if self.percentile == 50 else f"percentile {self.percentile:g}"
        return Decision(
            Verdict.STOP,
            f"its best value {own_text} by epoch {standing.epoch} is worse than "
            f"{other_text}, {name} of the {'averages' if self.averages else 'values'} of {others} others",
        )

    def forecast(self, num_trials: int) -> Forecast | None:
        """What a search of so many trials will train; None where the objective knows its end.

        What the rule stops depends on the curves. The estimate is what it left of recorded ones.
        """
        if self.max_epochs is None:
            return None
        num_full = num_trials / 2 if self.averages else 2 * self.min_trials + num_trials / 9
        return Forecast(num_full * self.max_epochs, self.min_epochs, self.min_trials + 1)

    def _start_over(self) -> None:
        self._standings = Standings()
        self._mean: dict[int, tuple[float, int]] = {}
        self._ordered: dict[int, list[float]] = {}
        self._completed: set[int] = set()
        self._last = 0

    def _read(self, study: Study) -> None:
        if not self._standings.is_of(study):
            self._start_over()
        for kind, standing in self._standings.read_on(study):
            if kind is EventKind.REPORTED:
                self._report(standing)
            elif kind is EventKind.TRIAL_COMPLETED:
                self._completed.add(standing.epoch)

    def _report(self, standing: Standing) -> None:
        trial, value = standing.trial, standing.reported
        mean, count = self._mean.get(trial, (0.0, 0))
        # The running update would turn an infinite mean into NaN.
        mean = math.inf if math.isinf(value) or math.isinf(mean) else mean + (value - mean) / (count + 1)
        self._mean[trial] = mean, count + 1
        bisect.insort(self._ordered.setdefault(standing.epoch, []), self._compared(standing))
        self._last = max(self._last, standing.epoch)

    def _seems_last(self, epoch: int) -> bool:
        """Whether trials end by themselves at this epoch, as far as was seen."""
        return self.max_epochs is None and epoch == self._last and epoch in self._completed

    def _compared(self, standing: Standing) -> float:
        """The value of a trial at its last epoch that others are compared with."""
        return self._mean[standing.trial][0] if self.averages else standing.value


def _percentile(ordered: list[float], left_out: int, share: float) -> float:
    """The value that this share of the ordered ones is below, without one of them; interpolated."""
    # By place, without a copy of the list: the rule is asked after each report.
    place = share * (len(ordered) - 2)
    below = math.floor(place)

    def at(number: int) -> float:
        return ordered[number if number < left_out else number + 1]

    if place == below:
        return at(below)
    low, high = at(below), at(below + 1)
    # Between a number and infinity there is no interpolation; the lower one is the stricter threshold.
    return low if math.isinf(high) else low + (place - below) * (high - low)
