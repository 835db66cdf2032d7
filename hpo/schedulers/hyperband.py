"""Successive halving in brackets of several sizes: Hyperband (Li et al. 2018).

"Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18.
"""

from __future__ import annotations

from hpo.schedulers.synchronous import BracketPlan, Synchronous


class Hyperband(Synchronous):
    """Runs brackets of successive halving that rely on short trainings more and less, in turn.

    The first bracket begins with many trials at the lowest rung; the last one trains a few trials in full.
    All take about as many epochs. Which of them suits a task is not known beforehand, since the first epochs
    predict the last ones well for some tasks and badly for others. After the last bracket the first one
    follows, until the search ends.

    Bracket s has n = floor((s_max + 1) / (s + 1)) eta^s trials at its first rung, as table 1 of the paper
    has (81, 27, 9, 6 and 5 for R = 81 and eta = 3). Its algorithm 1 rounds up after the product, which gives
    81, 34, 15, 8 and 5; the table keeps every rung at one of eta.

    Args:
        min_epochs: the lowest rung, at least 1.
        max_epochs: the last rung, a full training: R in the paper.
        eta: one trial of eta goes on, to eta times as many epochs; above 1.

    Example:
        >>> Hyperband(1, 81, eta=3).plan(3)
        ((6, 27), (2, 81))

    Raises:
        ValueError: an argument is out of its range; the text says what was received.
        TypeError: an argument is no number.
    """

    def plan(self, bracket: int) -> BracketPlan:
        """The rungs of a bracket: s = s_max for the first one, down to 0, and again."""
        largest = len(self.levels) - 1
        s = largest - bracket % len(self.levels)
        first = (largest + 1) // (s + 1) * self.eta**s
        # Where eta is no integer, its powers are not exact: 2.999... would lose a trial.
        sizes = [max(1, int(first / self.eta**step + 1e-9)) for step in range(s + 1)]
        return tuple(zip(sizes, self.levels[largest - s :], strict=True))
