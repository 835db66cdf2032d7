"""Where trials fail: the probability that one does not, and how much of it a proposal needs.

The expected improvement is weighted by this probability, as in Gardner et al. 2014, "Bayesian Optimization
with Inequality Constraints". That alone does not keep a search out: what fails often lies where results would
be best (the largest network that fits into memory), and there the improvement outweighs any doubt. So
failures have a budget, as in Marco et al. 2020, "Excursion Search for Constrained Bayesian Optimization under
a Limited Budget of Failures": for a while after each of them only what is likely to work is proposed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hpo.searchers.situation import Situation
from hpo.surrogates.fits import GrowingFit, subset
from hpo.surrogates.gaussian_process import GaussianProcessModel, Priors

Floats = NDArray[np.float64]

_RECENT = 20
"""Proposals are cautious for so many trials after a failure."""

_LIKELY = 0.95
"""How likely a cautious proposal is to work, as a share of what is likely where trials did."""

_LABEL_NOISE = 0.1
"""The variance of the labels 1 (worked) and -1 (failed), in the probit of their prediction."""

_STEEPNESS = 1000.0
"""What is too unlikely loses so many times the square of what the logarithm of its probability lacks."""

_PRIORS = Priors(length=-0.25)
"""Length-scales are longer here: where trials fail is a simpler question than how good they are."""

_MAX_POINTS = 500
_MAX_FITTED = 100


@dataclass(frozen=True)
class Feasibility:
    """The logarithm of the probability that a trial does not fail, from a Gaussian process of labels.

    Attributes:
        process: the model of the labels, of which the mean was taken off.
        mean: the mean of the labels: what is unknown fails as often as what was tried.
        needed: the logarithm of the probability that a proposal needs.
    """

    process: GaussianProcessModel
    mean: float
    needed: float = -math.inf

    def values(self, points: Floats) -> Floats:
        """What is added to the logarithm of an acquisition function at m points, shape (m,)."""
        from scipy.special import log_ndtr

        mean, deviation = self.process.predict(points)
        log_probability = log_ndtr((mean + self.mean) / np.sqrt(_LABEL_NOISE + deviation**2))
        return np.asarray(log_probability - _STEEPNESS * self._lacking(log_probability) ** 2)

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """The same at one point, and its gradient."""
        from scipy.special import log_ndtr

        mean, deviation, mean_gradient, deviation_gradient = self.process.predict_with_gradient(point)
        root = math.sqrt(_LABEL_NOISE + deviation**2)
        x = (mean + self.mean) / root
        log_probability = float(log_ndtr(x))
        x_gradient = mean_gradient / root - x * deviation * deviation_gradient / root**2
        # phi(x) / Phi(x), as a difference of logarithms: far out both are 0.
        slope = math.exp(-0.5 * x * x - 0.5 * math.log(2.0 * math.pi) - log_probability)
        lacking = float(self._lacking(np.array(log_probability)))
        slope *= 1.0 + 2.0 * _STEEPNESS * lacking
        return log_probability - _STEEPNESS * lacking**2, slope * x_gradient

    def _lacking(self, log_probability: Floats) -> Floats:
        # It grows by and by: a climb finds its way back, and where no point will do, the likeliest is best.
        return np.maximum(self.needed - log_probability, 0.0)


class FailureModel:
    """Learns from the trials of a study which configs fail."""

    def __init__(self) -> None:
        self._fit = GrowingFit(_PRIORS, _MAX_FITTED)

    def of(self, situation: Situation) -> Feasibility | None:
        """What is known about failures; None if there were none."""
        cube, observations = situation.cube, situation.observations
        if not observations.failed.any():
            return None
        ended = np.flatnonzero(~observations.pending)
        chosen = subset(np.where(observations.failed[ended], 1.0, 0.0), _MAX_POINTS, situation.seed)
        ended = ended[chosen]
        labels = np.where(observations.failed[ended], -1.0, 1.0)
        points, mean = observations.points[ended], float(labels.mean())
        fitted = self._fit.of(cube, points, labels)
        process = GaussianProcessModel(points, labels - mean, cube.categories, fitted)
        feasibility = Feasibility(process, mean)
        if not observations.failed[~observations.pending][-_RECENT:].any():
            return feasibility
        # Half of the places that worked are likely enough: where trials fail by chance, none is safer.
        worked = float(np.median(feasibility.values(points[labels > 0])))
        return replace(feasibility, needed=math.log(_LIKELY) + worked)
