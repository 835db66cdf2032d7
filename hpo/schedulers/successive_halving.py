"""Synchronous successive halving (Jamieson and Talwalkar 2016, algorithm 1).

"Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016.
"""

from __future__ import annotations

from hpo.schedulers.rungs import check_epochs
from hpo.schedulers.synchronous import BracketPlan, Synchronous


class SuccessiveHalving(Synchronous):
    """Trains many trials a little, the best of them more, and the best of these in full.

    Of eta ** s trials at the first of s + 1 rungs one gets to the last. Then the next such bracket begins.

    Args:
        min_epochs: the first rung, at least 1.
        max_epochs: the last rung, a full training.
        eta: one trial of eta goes on, to eta times as many epochs; above 1.
        num_trials: the number of trials of a bracket; by default so many that one is trained in full.

    Example:
        >>> SuccessiveHalving(1, 27, eta=3).plan(0)
        ((27, 1), (9, 3), (3, 9), (1, 27))

    Raises:
        ValueError: an argument is out of its range; the text says what was received.
        TypeError: an argument is no number.
    """

    def __init__(
        self, min_epochs: int, max_epochs: int, eta: float = 3, *, num_trials: int | None = None
    ) -> None:
        super().__init__(min_epochs, max_epochs, eta)
        size = round(self.eta ** (len(self.levels) - 1))
        self.num_trials = size if num_trials is None else check_epochs("num_trials", num_trials)

    def plan(self, bracket: int) -> BracketPlan:
        """The rungs, which are the same for every bracket."""
        sizes = [max(1, int(self.num_trials / self.eta**step)) for step in range(len(self.levels))]
        return tuple(zip(sizes, self.levels, strict=True))
