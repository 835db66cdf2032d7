"""What a search will cost, said once its first rung has shown what an epoch costs."""

from __future__ import annotations

import math

from hpo.schedulers import Forecast, Scheduler, described
from hpo.tuner.progress.words import spoken


class Price:
    """The epochs that a search will train, in time.

    Args:
        scheduler: what decides how long each trial runs.
        forecast: what it says of the search.
        num_trials: how many there will be.
        max_epochs: a full training.

    Attributes:
        expected: the epochs that all trials will be trained together.
        first_level: the epoch of the first rung.
    """

    def __init__(self, scheduler: Scheduler, forecast: Forecast, num_trials: int, max_epochs: int) -> None:
        self._name = described(scheduler)
        self._num_trials = num_trials
        self._in_full = num_trials * max_epochs
        self.expected = math.ceil(min(forecast.epochs, self._in_full))
        self.first_level = forecast.first_epoch
        self._missing = min(forecast.num_first, num_trials)
        self._came: set[int] = set()

    def came(self, trial: int, epoch: int) -> bool:
        """Take in a report; whether the first rung is complete by now."""
        if epoch >= self.first_level:
            self._came.add(trial)
        return len(self._came) >= self._missing

    def text(self, seconds_an_epoch: float) -> str:
        """The forecast in words."""
        full, here = self._in_full * seconds_an_epoch, self.expected * seconds_an_epoch
        return (
            f"First rung done. To train all {self._num_trials} trials in full would be {self._in_full} "
            f"epochs ({spoken(full)}); {self._name} will train about {self.expected} ({spoken(here)})."
        )


def price_of(scheduler: Scheduler, num_trials: int | None, max_epochs: int | None) -> Price | None:
    """The price of a search; None where it cannot be known, or each trial is trained to its end."""
    if num_trials is None or max_epochs is None:
        return None
    forecast = scheduler.forecast(num_trials)
    return None if forecast is None else Price(scheduler, forecast, num_trials, max_epochs)


def scheduler_text(scheduler: Scheduler) -> str:
    """The scheduler with its rungs, for the header."""
    rungs = f", rungs at epochs {', '.join(map(str, scheduler.levels))}" if scheduler.levels else ""
    return f"{described(scheduler)}{rungs}"
