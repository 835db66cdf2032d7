"""Bayesian optimization with a Gaussian process and the expected improvement.

Jones et al. 1998, "Efficient Global Optimization of Expensive Black-Box Functions". The acquisition function
is the logarithm of the expected improvement (Ament et al. 2023). The kernel's hyperparameters are the most
probable ones under priors. They are fitted from a cold start at fixed numbers of results, so that a fresh
searcher finds the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpo.searchers.acquisition import Box, candidates, maximise
from hpo.searchers.feasibility import FailureModel, Feasibility
from hpo.searchers.model_based import ModelBased
from hpo.searchers.plateau import on_plateau
from hpo.searchers.situation import Pick, Situation
from hpo.searchers.trust_region import MANY_DIMENSIONS, TrustRegion, trust_region
from hpo.surrogates.cube import Cube, Mask, Points
from hpo.surrogates.fits import MAX_FITTED, GrowingFit, subset
from hpo.surrogates.gaussian_process import GaussianProcessModel as Process
from hpo.surrogates.gaussian_process import Hyperparameters, Priors
from hpo.surrogates.improvement import log_h_slope, log_improvement
from hpo.surrogates.matern import squared_distances
from hpo.surrogates.outputs import gaussianised

Floats = NDArray[np.float64]

MAX_POINTS = 2000
"""The model sees at most so many results: the best ones for a quarter of them, the others drawn at random."""

_FACTORS = (1.0, 0.5)
"""The length-scales of every other proposal are half the most probable ones.

A few results say little about length-scales. Trusted alone, the most probable ones send the search again and
again to where a function that is smoother than the true one promises a little.
"""

_MAX_DOUBTS = 4
"""So many times a proposal is looked for with ever shorter length-scales."""

_NEWS = 0.03
"""In length-scales: at this distance the kernel is 0.999, and a result says next to nothing new."""

_FEW = 1024
"""So few untried configs of a finite space are all candidates."""


class GaussianProcess(ModelBased):
    """Proposes where a Gaussian process expects the largest improvement.

    The most sample-efficient of the searchers, for up to about twenty hyperparameters and a few hundred
    trials.

    Args:
        num_initial: the number of results from the initial design; by default one more than there are
            hyperparameters, but at least 4 and at most 8.

    Raises:
        ValueError: `num_initial` is below 2.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(-1, 1), "kind": hpo.Choice(["a", "b"])}
        >>> study = hpo.search(
        ...     lambda c: (c["x"] - 0.2) ** 2 + (c["kind"] == "a"),
        ...     space, searcher=hpo.GaussianProcess(), num_trials=20, seed=0,
        ... )
        >>> study.best.config["kind"], round(study.best.config["x"], 1)
        ('b', 0.2)
    """

    def _start_over(self) -> None:
        super()._start_over()
        self._fit = GrowingFit(Priors())
        self._failures = FailureModel()

    def default_num_initial(self, cube: Cube) -> int:
        """How many results are needed before the model is asked."""
        return min(max(int(cube.free.sum()) + 1, 4), 8)

    def ask_model(self, situation: Situation) -> Pick | None:
        """The accepted point of largest expected improvement; None where a trust region starts over."""
        data = self._data(situation)
        if data is None:
            return None
        fitted = self._fit.of(situation.cube, data.points, data.raw)
        feasibility = self._failures.of(situation)
        factor = _FACTORS[situation.number % len(_FACTORS)]
        choice = None
        for _ in range(_MAX_DOUBTS):
            choice = self._improving(situation, data, fitted.shortened(factor), feasibility)
            # Judged by the fitted length-scales: by the shortened ones any point would soon be news.
            if choice is None or _is_news(situation.cube, choice.point, data.points, fitted):
                break
            factor /= 2
        return choice

    def _data(self, situation: Situation) -> _Data | None:
        cube, observations = situation.cube, situation.observations
        known = np.flatnonzero(observations.known)
        region = None
        num_free = int(cube.free.sum())
        if num_free > MANY_DIMENSIONS:
            num_initial = self._num_initial or self.default_num_initial(cube)
            region = trust_region(
                observations.values[known], num_dimensions=num_free, num_initial=num_initial
            )
            # A region that has just started over needs results of its own: the initial design comes next.
            if region.first and len(known) < region.first + num_initial:
                return None
            known = known[region.first :]
        chosen = subset(observations.values[known], MAX_POINTS, situation.seed)
        raw = observations.values[known[chosen]]
        return _Data(observations.points[known[chosen]], raw, gaussianised(raw), on_plateau(raw), region)

    def _improving(
        self,
        situation: Situation,
        data: _Data,
        hyperparameters: Hyperparameters,
        feasibility: Feasibility | None,
    ) -> Pick | None:
        """The accepted point of largest expected improvement under these hyperparameters."""
        cube, observations = situation.cube, situation.observations
        process = Process(data.points, data.values, cube.categories, hyperparameters)
        # The incumbent is the best prediction: of noisy results the best one was lucky as well.
        means, _ = process.predict(data.points)
        ranked = data.points[np.argsort(means, kind="stable")]
        # The newest only, since the cost of a process grows with the cube of its points.
        without = observations.points[observations.pending | observations.failed][-MAX_FITTED:]
        if len(without):
            # The kriging believer of Ginsbourger et al. 2010: a pending trial is taken to come out as
            # predicted. That leaves the mean as it is and removes the doubt, so the next point lies
            # elsewhere. Failed trials are treated alike: there is nothing to be found out in their place.
            believed, _ = process.predict(without)
            points, values = np.concatenate([data.points, without]), np.concatenate([data.values, believed])
            process = Process(points, values, cube.categories, hyperparameters)
        box = Box.whole(len(cube))
        if data.region is not None:
            box = data.region.box(ranked[0], hyperparameters.lengths)
        acquisition = Improvement(process, float(means.min()), feasibility)
        if situation.untried is not None and len(situation.untried) <= _FEW:
            starts = situation.untried
        else:
            starts = candidates(cube, ranked[:5], situation.random("candidates"), box, count=512)
        weights = hyperparameters.lengths**-2.0

        def accepts(points: Points) -> list[bool]:
            fits = situation.accepts(points)
            if not data.flat.any():
                return fits
            # What lies nearest to the points of a plateau is likely to be one more of them.
            nearest = squared_distances(points, data.points, weights, cube.categories).argmin(axis=1)
            return [fit and not data.flat[place] for fit, place in zip(fits, nearest, strict=True)]

        point = maximise(acquisition, cube, starts, accepts=accepts, box=box)
        return None if point is None else Pick(point, {"by": "gaussian process"})


@dataclass(frozen=True)
class _Data:
    """What the model is made from, and which of it lies on a plateau."""

    points: Points
    raw: Floats
    values: Floats
    flat: Mask
    region: TrustRegion | None


@dataclass(frozen=True)
class Improvement:
    """The log of the expected improvement, times the probability that a trial does not fail.

    Attributes:
        process: the model of the values, small is good.
        best: what is to be improved on.
        feasibility: the model of the failures; None if there were none.
    """

    process: Process
    best: float
    feasibility: Feasibility | None = None

    def values(self, points: Points) -> Floats:
        """At m points, shape (m,)."""
        found = log_improvement(*self.process.predict(points), self.best)
        if self.feasibility is not None:
            found += self.feasibility.values(points)
        return found

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """At one point."""
        mean, deviation, mean_gradient, deviation_gradient = self.process.predict_with_gradient(point)
        # Of log(s) + log h(z) with z = (best - m) / s, where dz = -(dm + z ds) / s.
        z = (self.best - mean) / deviation
        value = float(log_improvement(np.array([mean]), np.array([deviation]), self.best)[0])
        slope = log_h_slope(z, value - math.log(deviation))
        gradient = deviation_gradient / deviation
        gradient = gradient - slope * (mean_gradient + z * deviation_gradient) / deviation
        if self.feasibility is None:
            return value, gradient
        added, added_gradient = self.feasibility.value_and_gradient(point)
        return value + added, gradient + added_gradient


def _is_news(cube: Cube, point: Floats, points: Points, fitted: Hyperparameters) -> bool:
    """Whether a point lies far enough from all known ones, in length-scales, to teach the model something.

    Where the model is so sure that it wants the same point again, its length-scales are too long
    (Wang and de Freitas 2014, "Theoretical Analysis of Bayesian Optimisation with Unknown Gaussian Process
    Hyper-Parameters", shrink them for this reason).
    """
    squared = squared_distances(point[None], points, fitted.lengths**-2.0, cube.categories)
    return float(squared.min()) > _NEWS**2
