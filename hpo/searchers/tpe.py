"""The tree-structured Parzen estimator.

Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4. The densities are
multivariate, as in Falkner et al. 2018, "BOHB"; `_density` says how their bandwidths differ. The other parts
follow Watanabe 2023, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hpo.checks import checked_count
from hpo.searchers.feasibility import FailureModel
from hpo.searchers.model_based import ModelBased
from hpo.searchers.situation import Pick, Situation
from hpo.surrogates.cube import Cube, Points
from hpo.surrogates.density import Density

Floats = NDArray[np.float64]

_GOOD_SHARE = 0.15
"""The share of results that make up the good density: gamma in Bergstra et al. 2011."""

_MOST_GOOD = 25
"""At most so many are good: in a long search they are a smaller share and lie closer together."""

_PRIOR_WEIGHT = 2.0
"""The prior counts as so many points in a density."""

_PRIOR_POINTS = 5.0
"""The prior's spread counts as that of so many points."""

_PRIOR_VARIANCE = 1.0 / 12.0
"""That of the uniform distribution on [0, 1]."""

_NARROWING = 0.6
_NARROWEST = 0.03
_OTHER_CATEGORY = 0.3
"""The probability of all other categories together, under a kernel."""


class TPE(ModelBased):
    """Proposes where good results are dense and bad ones are not.

    Quick, and well suited to conditional and categorical spaces. In small continuous spaces it needs more
    trials than a Gaussian process.

    Args:
        num_initial: the number of results from the initial design; by default twice the number of
            hyperparameters, but at least 6 and at most 10.
        num_candidates: the number of points that are drawn for each proposal.

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

    def _start_over(self) -> None:
        super()._start_over()
        self._failures = FailureModel()

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
        # The expected improvement grows with the ratio l(x) / g(x) (Bergstra et al. 2011, section 4.1), so
        # it need not be computed.
        ratio = good.log_density(points) - bad.log_density(points)
        feasibility = self._failures.of(situation)
        if feasibility is not None:
            ratio += feasibility.values(points)
        for place in np.argsort(-ratio, kind="stable"):
            if situation.accepts(points[place : place + 1])[0]:
                return Pick(points[place], {"by": "tpe"})
        return None

    def _densities(self, situation: Situation) -> tuple[Density, Density]:
        cube, observations = situation.cube, situation.observations
        known = np.flatnonzero(observations.known)
        order = known[np.argsort(observations.values[known], kind="stable")]
        num_good = min(math.ceil(_GOOD_SHARE * len(order)), _MOST_GOOD)
        good = observations.points[order[:num_good]]
        # Pending trials count as bad, so that the next ones go elsewhere.
        rest = np.concatenate([order[num_good:], np.flatnonzero(observations.pending)])
        return _density(cube, good), _density(cube, observations.points[rest])


def _density(cube: Cube, points: Points) -> Density:
    """Kernels on the points, with the bandwidth of Silverman's rule for each dimension by itself.

    The rule of Falkner et al. 2018, n^(-1 / (4 + d)), is for all dimensions together. But the good values of
    one hyperparameter become known sooner than those of all at once. A few points may lie close together by
    chance, so the spread is taken over the points and a few more that stand for the prior.
    """
    count = len(points)
    squares = ((points - points.sum(axis=0) / max(count, 1)) ** 2).sum(axis=0)
    spread = np.sqrt((_PRIOR_POINTS * _PRIOR_VARIANCE + squares) / (_PRIOR_POINTS + count))
    widths = _NARROWING * spread * max(count, 1) ** (-1 / 5)
    # At least half a step: a narrower kernel on a range of few steps would not reach the next one.
    widths = np.minimum(np.maximum(widths, np.maximum(_NARROWEST, 0.5 * cube.spacing)), 1.0)
    widths[cube.categories] = _OTHER_CATEGORY
    return Density(cube, points, uniform_weight=_PRIOR_WEIGHT, bandwidths=widths)
