"""Gaussian process regression on the unit cube, on NumPy and LAPACK alone.

Equations by their numbers in Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.surrogates.matern import Floats, matern, squared_differences, squared_distances

_JITTER = 1e-8
"""Added to the diagonal, as a share of it: points that nearly coincide make the matrix singular."""

_MAX_STEPS = 60


@dataclass(frozen=True)
class Priors:
    """Priors of a kernel's hyperparameters, for inputs in [0, 1]^d and values of variance 1.

    All are normal in the logarithm. The length-scales grow with the root of the dimension, so that a
    function of many dimensions is not taken to be more complex (Hvarfner et al. 2024, "Vanilla Bayesian
    Optimization Performs Great in High Dimensions", equation 8).

    Attributes:
        length: mean of the log length-scale of an ordered dimension, before half the log of the dimension is
            added.
        category_length: the same for a category.
        length_spread: the standard deviation of both.
        signal: mean of the log variance of the function.
        signal_spread: its standard deviation.
        noise: mean of the log variance of the noise.
        noise_spread: its standard deviation.
    """

    # -1.1 was chosen on problems that are not benchmarks of this library: -0.7 brings half as much over
    # -0.25, -1.5 no more.
    length: float = -1.1
    category_length: float = -0.25
    length_spread: float = 1.0
    signal: float = 0.0
    signal_spread: float = 1.0
    noise: float = math.log(1e-4)
    noise_spread: float = 2.0


@dataclass(frozen=True)
class Hyperparameters:
    """The hyperparameters of the kernel.

    Attributes:
        lengths: a length-scale for each dimension.
        signal: the variance of the function.
        noise: the variance of the noise of an observation.
    """

    lengths: Floats
    signal: float
    noise: float

    def shortened(self, factor: float) -> Hyperparameters:
        """The same with shorter length-scales: less is taken to be known between the points."""
        return Hyperparameters(self.lengths * factor, self.signal, self.noise)


class GaussianProcessModel:
    """A fitted process: a normal distribution of the function's value at any point.

    Args:
        points: where the function was observed, shape (n, d).
        values: the observations, shape (n,), of about mean 0 and variance 1.
        categories: the dimensions without an order.
        hyperparameters: of the kernel; see `fit_hyperparameters`.
    """

    def __init__(
        self,
        points: Floats,
        values: Floats,
        categories: NDArray[np.bool_],
        hyperparameters: Hyperparameters,
    ) -> None:
        self.points = points
        self.hyperparameters = hyperparameters
        self._categories = categories
        self._weights = hyperparameters.lengths**-2.0
        covariance = self._covariance(points)
        covariance.flat[:: len(points) + 1] += hyperparameters.noise
        # Algorithm 2.1, with the inverse kept: a climb predicts at many points, one after another, and each
        # prediction is then a product.
        self._inverse, _ = _inverted(covariance)
        self._alpha = self._inverse @ values

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the function at m points (equations 2.23 and 2.24)."""
        cross = self._covariance(points)
        reduced = np.einsum("ij,ij->i", cross @ self._inverse, cross)
        # At an observed point the difference cancels, and may come out below 0.
        variance = np.maximum(self.hyperparameters.signal - reduced, 1e-12)
        return cross @ self._alpha, np.sqrt(variance)

    def predict_with_gradient(self, point: Floats) -> tuple[float, float, Floats, Floats]:
        """Mean and standard deviation at one point, and how they change with it, shapes (d,).

        A category does not change by small steps: its derivatives are 0.
        """
        signal = self.hyperparameters.signal
        differences = point - self.points
        differences[:, self._categories] = differences[:, self._categories] != 0
        kernel, slope = matern((differences * differences) @ self._weights)
        kernel *= signal
        solved = self._inverse @ kernel
        variance = max(signal - float(kernel @ solved), 1e-12)
        deviation = math.sqrt(variance)
        # d kernel / d point = signal * slope * 2 * weight * difference
        change = differences * (2.0 * signal * slope)[:, None]
        mean_gradient = (self._alpha @ change) * self._weights
        deviation_gradient = -(solved @ change) * self._weights / deviation
        mean_gradient[self._categories] = 0.0
        deviation_gradient[self._categories] = 0.0
        return float(kernel @ self._alpha), deviation, mean_gradient, deviation_gradient

    def _covariance(self, points: Floats) -> Floats:
        squared = squared_distances(points, self.points, self._weights, self._categories)
        return np.asarray(self.hyperparameters.signal * matern(squared)[0])


def fit_hyperparameters(
    points: Floats, values: Floats, categories: NDArray[np.bool_], priors: Priors
) -> Hyperparameters:
    """The hyperparameters with the largest posterior density, from two cold starts.

    The density is the marginal likelihood (equation 2.30) times the priors; its gradient is equation 5.9.
    """
    from scipy.optimize import minimize

    target = Posterior(points, values, categories, priors)
    # There may be several maxima, which take the details for noise or for the function (figure 5.5): the
    # second start has shorter length-scales.
    best: tuple[float, Floats] | None = None
    for shift in (0.0, -1.0):
        start = target.means.copy()
        start[:-2] += shift
        found: Any = minimize(
            target,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=target.bounds,
            options={"maxiter": _MAX_STEPS, "ftol": 1e-6},
        )
        if best is None or found.fun < best[0]:
            best = (float(found.fun), found.x)
    assert best is not None  # there are two starts
    return target.unpacked(best[1])


class Posterior:
    """Minus the log posterior density of the hyperparameters, and its gradient, for a minimiser.

    It is a function of their logarithms: of the length-scales, the signal's and the noise's variance.

    Args:
        points: where the function was observed.
        values: the observations, of about mean 0 and variance 1.
        categories: the dimensions without an order.
        priors: the priors of the hyperparameters.

    Attributes:
        means: the priors' means.
        bounds: between which the logarithms are searched.
    """

    def __init__(self, points: Floats, values: Floats, categories: NDArray[np.bool_], priors: Priors) -> None:
        num_points, num_dimensions = points.shape
        # Once for all steps of the fit: only their weights change.
        self._squared = squared_differences(points, categories).reshape(num_dimensions, -1)
        self._values = values
        scaling = 0.5 * math.log(num_dimensions)
        lengths = np.where(categories, priors.category_length + scaling, priors.length + scaling)
        self.means = np.append(lengths, [priors.signal, priors.noise])
        self._spreads = np.array(
            [priors.length_spread] * num_dimensions + [priors.signal_spread, priors.noise_spread]
        )
        self.bounds = [(math.log(0.01), math.log(1000.0))] * num_dimensions
        self.bounds += [(math.log(0.05), math.log(50.0)), (math.log(1e-7), math.log(2.0))]
        self._shape = (num_points, num_points)

    def unpacked(self, theta: Floats) -> Hyperparameters:
        """The hyperparameters that the logarithms stand for."""
        return Hyperparameters(np.exp(theta[:-2]), math.exp(theta[-2]), math.exp(theta[-1]))

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """The value at these parameters, and its gradient."""
        at = self.unpacked(theta)
        weights = at.lengths**-2.0
        correlation, slope = matern((weights @ self._squared).reshape(self._shape))
        covariance = at.signal * correlation
        covariance.flat[:: len(covariance) + 1] += at.noise
        inverse, log_determinant = _inverted(covariance)
        alpha = inverse @ self._values
        # Equation 5.9, negated: the trace of a product of symmetric matrices is the sum over their entries.
        inner = inverse - np.outer(alpha, alpha)
        # d (w_i D_i) / d log l_i = -2 w_i D_i
        by_length = -at.signal * weights * (self._squared @ (inner * slope).ravel())
        by_signal = 0.5 * at.signal * float(np.sum(inner * correlation))
        by_noise = 0.5 * at.noise * float(np.trace(inner))
        deviation = (theta - self.means) / self._spreads
        loss = 0.5 * (float(self._values @ alpha) + log_determinant + float(deviation @ deviation))
        return loss, np.append(by_length, [by_signal, by_noise]) + deviation / self._spreads


def _inverted(matrix: Floats) -> tuple[Floats, float]:
    """The inverse of a covariance matrix and the log of its determinant."""
    from scipy.linalg import lapack

    size = len(matrix)
    jitter = _JITTER * float(matrix.flat[0])
    while True:
        matrix.flat[:: size + 1] += jitter
        factor, failed = lapack.dpotrf(matrix, lower=1)
        if not failed:
            break
        jitter *= 10.0
    log_determinant = 2.0 * float(np.log(factor.diagonal()).sum())
    # dpotri fills one triangle only. LAPACK by itself skips the checks of scipy.linalg.
    inverse, _ = lapack.dpotri(factor, lower=1)
    lower = np.tril(inverse)
    full = lower + lower.T
    full.flat[:: size + 1] *= 0.5
    return full, log_determinant
