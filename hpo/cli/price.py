"""What a search will cost, said once its first rung has shown what an epoch costs."""

from __future__ import annotations

import math

from hpo.cli.pace import spoken
from hpo.schedulers import ASHA, MedianStopping, Scheduler, described
from hpo.schedulers.synchronous import Synchronous


class Price:
    """Forecasts the epochs of a search.

    Args:
        scheduler: what decides how long each trial runs.
        num_trials: how many there will be.
        max_epochs: a full training.

    Attributes:
        expected: the epochs that all trials will be trained together.
        first_level: the epoch of the first rung.
    """

    def __init__(
        self, scheduler: ASHA | Synchronous | MedianStopping, num_trials: int, max_epochs: int
    ) -> None:
        self._name = described(scheduler)
        self._num_trials = num_trials
        self._in_full = num_trials * max_epochs
        self.expected = math.ceil(min(self._forecast(scheduler, max_epochs), self._in_full))
        # So many trials come to the first rung before it says who goes on.
        if isinstance(scheduler, MedianStopping):
            self.first_level, first = scheduler.min_epochs, scheduler.min_trials + 1
        elif isinstance(scheduler, Synchronous):
            self.first_level, first = scheduler.levels[0], scheduler.plan(0)[0][0]
        else:
            self.first_level, first = scheduler.levels[0], math.ceil(scheduler.eta)
        self._missing = min(first, num_trials)
        self._came: set[int] = set()

    def came(self, trial: int, epoch: int) -> bool:
        """Take in a report; whether the first rung is complete with it."""
        if epoch < self.first_level or trial in self._came:
            return False
        self._came.add(trial)
        return len(self._came) == self._missing

    def text(self, seconds_an_epoch: float) -> str:
        """The forecast in words."""
        full, here = self._in_full * seconds_an_epoch, self.expected * seconds_an_epoch
        return (
            f"First rung done. To train all {self._num_trials} trials in full would be {self._in_full} "
            f"epochs ({spoken(full)}); {self._name} will train about {self.expected} ({spoken(here)})."
        )

    def _forecast(self, scheduler: ASHA | Synchronous | MedianStopping, max_epochs: int) -> float:
        if isinstance(scheduler, MedianStopping):
            # What the rule leaves depends on the curves; this is what it left of recorded ones.
            if scheduler.averages:
                return self._num_trials * max_epochs / 2
            return (2 * scheduler.min_trials + self._num_trials / 9) * max_epochs
        return scheduler.forecast(self._num_trials)


def price_of(scheduler: Scheduler, num_trials: int | None, max_epochs: int | None) -> Price | None:
    """The price of a search; None where nobody can know it, or each trial is trained to its end."""
    if num_trials is None or max_epochs is None:
        return None
    if isinstance(scheduler, (ASHA, Synchronous, MedianStopping)):
        return Price(scheduler, num_trials, max_epochs)
    return None


def scheduler_text(scheduler: Scheduler) -> str:
    """The scheduler with its rungs, for the header."""
    levels = getattr(scheduler, "levels", None)
    rungs = "" if levels is None else f", rungs at epochs {', '.join(map(str, levels))}"
    return f"{described(scheduler)}{rungs}"
