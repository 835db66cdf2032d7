"""Scrambled Sobol points: they learn nothing from results, but leave no gaps and clusters.

Sobol 1967, "On the distribution of points in a cube and the approximate evaluation of integrals"; the
scrambling is Matousek's of 1998.
"""

from __future__ import annotations

from hpo.errors import SpaceError
from hpo.searchers.sequential import Sequential
from hpo.searchers.situation import Pick, Situation, draw_untried
from hpo.searchers.sobol_points import MAX_DIMENSIONS

_MAX_BLOCKS = 10
_BLOCK = 1024


class SobolSearch(Sequential):
    """Covers the space evenly, under the user's priors.

    Proposal i is point i of the sequence, or the first one after it that meets the constraints and was
    not tried. The coverage is best if the number of trials is a power of two.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(0, 1)}
        >>> study = hpo.search(lambda c: c["x"], space, searcher="sobol", num_trials=8, seed=0)
        >>> sorted(int(8 * trial.config["x"]) for trial in study.trials)
        [0, 1, 2, 3, 4, 5, 6, 7]
    """

    needs_results = False

    def propose(self, situation: Situation) -> Pick | None:
        """The next point of the sequence that may be tried.

        Raises:
            SpaceError: the space has more dimensions than there are direction numbers for.
        """
        if len(situation.cube) > MAX_DIMENSIONS:
            raise SpaceError(
                f"A Sobol sequence has at most {MAX_DIMENSIONS} dimensions; the space has "
                f"{len(situation.cube)} hyperparameters. Use searcher='random', which has no limit."
            )
        start = situation.number
        # A few points first: without constraints the first one is nearly always taken.
        for block in range(_MAX_BLOCKS):
            count = 8 if block == 0 else _BLOCK
            for point in self.sobol(situation, start, count):
                if situation.accepts(point[None])[0]:
                    return Pick(point)
            start += count
        return draw_untried(situation)
