"""The tree-structured Parzen estimator.

Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4; the densities are
multivariate with the bandwidths of Falkner et al. 2018, "BOHB", section 3.2; what matters among the rest
is taken from Watanabe 2023, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hpo.checks import checked_count
from hpo.searchers.model_based import ModelBased
from hpo.searchers.situation import Pick, Situation
from hpo.surrogates.cube import Cube, Points
from hpo.surrogates.density import Density

Floats = NDArray[np.float64]

_GOOD_SHARE = 0.15
_MOST_GOOD = 25

_PRIOR_WEIGHT = 2.0
"""The prior counts as so many points."""

_PRIOR_POINTS = 5.0
_PRIOR_VARIANCE = 1.0 / 12.0
_NARROWING = 0.6
_NARROWEST = 0.03
_OTHER_CATEGORY = 0.3
"""The probability that a kernel gives to all other categories together."""


class TPE(ModelBased):
    """Proposes where good results are dense and bad ones are not.

    Quick, and at home in conditional and categorical spaces; it needs more trials than a Gaussian process
    in small continuous ones.

    Args:
        num_initial: how many results come from the initial design; by default twice as many as there are
            hyperparameters, from 6 to 10.
        num_candidates: how many points are drawn for each proposal.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> import hpo
        >>> study = hpo.search(
        ...     lambda c: (c["x"] - 0.2) ** 2, {"x": hpo.Float(-1, 1)}, searcher="tpe", num_trials=40, seed=0
        ... )
        >>> abs(study.best.config["x"] - 0.2) < 0.05
        True
    """

    def __init__(self, *, num_initial: int | None = None, num_candidates: int = 64) -> None:
        super().__init__(num_initial=num_initial)
        self._num_candidates = checked_count(
            "num_candidates",
            num_candidates,
            expected="an integer of at least {least}, how many points are drawn for a proposal",
            if_no_integer=ValueError,
        )

    def default_num_initial(self, cube: Cube) -> int:
        """How many results are needed before the densities are asked."""
        return min(max(2 * int(cube.free.sum()), 6), 10)

    def ask_model(self, situation: Situation) -> Pick | None:
        """The accepted candidate with the largest ratio of the densities."""
        good, bad = self._densities(situation)
        points = good.sample(self._num_candidates, situation.random("candidates"))
        untried = situation.untried
        if untried is not None:
            points = situation.tried.fresh(points)
            points = points if len(points) else untried[:1024]
        # Expected improvement grows with this ratio (Bergstra et al. 2011, equation 4.2).
        ratio = good.log_density(points) - bad.log_density(points)
        ratio -= self._risk(situation, points)
        for place in np.argsort(-ratio, kind="stable"):
            if situation.accepts(points[place : place + 1])[0]:
                return Pick(points[place], {"by": "tpe"})
        return None

    def _risk(self, situation: Situation, points: Points) -> Floats:
        """Minus the log of how likely it is that a trial does not fail, up to a constant, shape (m,).

        Watanabe and Hutter 2023, "c-TPE": the densities of what worked and of what failed, by Bayes' rule.
        """
        cube, observations = situation.cube, situation.observations
        share = np.mean(observations.failed[~observations.pending])
        if not share:
            return np.zeros(len(points))
        failed = _density(cube, observations.points[observations.failed]).log_density(points)
        worked = _density(cube, observations.points[observations.known]).log_density(points)
        return np.logaddexp(math.log1p(-share), math.log(share) + failed - worked)

    def _densities(self, situation: Situation) -> tuple[Density, Density]:
        cube, observations = situation.cube, situation.observations
        known = np.flatnonzero(observations.known)
        order = known[np.argsort(observations.values[known], kind="stable")]
        num_good = min(math.ceil(_GOOD_SHARE * len(order)), _MOST_GOOD)
        good = observations.points[order[:num_good]]
        # What is on its way counts as bad, so that others go elsewhere.
        rest = np.concatenate([order[num_good:], np.flatnonzero(observations.pending)])
        return _density(cube, good), _density(cube, observations.points[rest])


def _density(cube: Cube, points: Points) -> Density:
    """Kernels on the points, as wide as Silverman's rule says for each dimension by itself.

    The rule of Falkner et al. 2018 (n to the power of -1 / (4 + d)) is for all dimensions together; the
    good values of one hyperparameter become known sooner than those of all at once. A few points may lie
    close together by chance: their spread counts beside that of the prior, which stands for a few more.
    """
    count = len(points)
    squares = ((points - points.sum(axis=0) / max(count, 1)) ** 2).sum(axis=0)
    spread = np.sqrt((_PRIOR_POINTS * _PRIOR_VARIANCE + squares) / (_PRIOR_POINTS + count))
    widths = _NARROWING * spread * max(count, 1) ** (-1 / 5)
    # Of a range of few steps no kernel is narrower than half a step: it would know no neighbours.
    widths = np.minimum(np.maximum(widths, np.maximum(_NARROWEST, 0.5 * cube.spacing)), 1.0)
    widths[cube.categories] = _OTHER_CATEGORY
    return Density(cube, points, uniform_weight=_PRIOR_WEIGHT, bandwidths=widths)
