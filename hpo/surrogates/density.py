"""A density on the unit cube as a sum of kernels around points: the Parzen estimator of TPE.

Each kernel is a product over the dimensions, as in Falkner et al. 2018: a normal density truncated to the
unit interval for an ordered dimension, the kernel of Aitchison and Aitken (1976) for a category. A dimension
that is inactive at a kernel's point counts as uniform. One that is inactive at the evaluated point does not
count.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hpo.space.domain import clipped
from hpo.surrogates.cube import Cube, Mask, Points

Floats = NDArray[np.float64]

_LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)


class Density:
    """A mixture of kernels and of the uniform density.

    Args:
        cube: the space's cube.
        points: the kernels' points, snapped, shape (n, d).
        uniform_weight: the number of points that the uniform density, the user's prior, counts as.
        bandwidths: the kernels' widths in each dimension, shape (d,); for a category the probability of any
            other one.
    """

    def __init__(self, cube: Cube, points: Points, *, uniform_weight: float, bandwidths: Floats) -> None:
        from scipy.special import ndtr

        self._cube = cube
        self.points = points
        self._bandwidths = bandwidths
        self._total = len(points) + uniform_weight
        self._log_share = -math.log(self._total)
        self._log_uniform = math.log(uniform_weight / self._total) if uniform_weight > 0 else -math.inf
        self._ordered = np.flatnonzero(cube.free & ~cube.categories)
        self._categories = np.flatnonzero(cube.free & cube.categories)
        self._widths = bandwidths[self._ordered]
        self._active = cube.active(points)[:, self._ordered].astype(np.float64)
        self._middles = points[:, self._ordered]
        self._scaled = self._middles / self._widths
        # The share of each bell that lies in [0, 1]: without it, kernels at the border would weigh less.
        inside = ndtr((1.0 - self._middles) / self._widths) - ndtr(-self._scaled)
        self._normalisers = self._active * (np.log(inside * self._widths) + _LOG_ROOT_TWO_PI)

    def log_density(self, points: Points) -> Floats:
        """The log of the density at m snapped points, shape (m,), against the prior's."""
        kernels = self._log_kernels(points)
        kernels += self._log_share
        # In many dimensions a product of kernels underflows: the largest term is taken out of the sum.
        highest = np.maximum(kernels.max(axis=1, initial=-math.inf), self._log_uniform)
        summed = np.exp(kernels - highest[:, None]).sum(axis=1) + np.exp(self._log_uniform - highest)
        return np.asarray(highest + np.log(summed))

    def _log_kernels(self, points: Points) -> Floats:
        there = self._cube.active(points)
        present = there[:, self._ordered].astype(np.float64)
        x = points[:, self._ordered] / self._widths
        # The sum of a (x - m)^2, a being 1 where the dimension exists at both, as three matrix products: an
        # array over points, kernels and dimensions would take the time of a proposal.
        kernels = (present * x * x) @ self._active.T
        kernels -= 2.0 * ((present * x) @ (self._active * self._scaled).T)
        kernels += present @ (self._active * self._scaled**2).T
        kernels *= -0.5
        kernels -= present @ self._normalisers.T
        if len(self._categories):
            here = self._cube.active(self.points)
            for place in self._categories.tolist():
                kernels += self._log_category(place, points, there[:, place], here[:, place])
        return np.asarray(kernels)

    def _log_category(self, place: int, points: Points, there: Mask, here: Mask) -> Floats:
        count = len(self._cube.dimensions[place].levels)
        other = self._bandwidths[place]
        # Against the uniform probability 1 / count, as the others are against the prior's density.
        same, different = math.log((1.0 - other) * count), math.log(other / (count - 1) * count)
        equal = points[:, place, None] == self.points[None, :, place]
        return np.where(there[:, None] & here[None, :], np.where(equal, same, different), 0.0)

    def sample(self, count: int, random: np.random.Generator) -> Points:
        """Draw points, shape (count, d), snapped."""
        from scipy.special import ndtr, ndtri

        cube = self._cube
        # Quantiles of uniform numbers: only these are the same in every NumPy (see `hpo.randomness`).
        draws = random.random((count, len(cube) + 1))
        chosen = (draws[:, -1] * self._total).astype(np.intp)
        uniform = chosen >= len(self.points)
        kernels = np.minimum(chosen, len(self.points) - 1)
        centres, middle = self.points[kernels], self._middles[kernels]
        low, high = ndtr(-middle / self._widths), ndtr((1.0 - middle) / self._widths)
        drawn, ordered = draws[:, :-1].copy(), draws[:, self._ordered]
        moved = middle + self._widths * ndtri(low + (high - low) * ordered)
        kept = ~uniform[:, None] & cube.active(centres)
        drawn[:, self._ordered] = np.where(kept[:, self._ordered], moved, ordered)
        for place in self._categories:
            other = self._bandwidths[place]
            # One draw says whether to stay and, if not, where to go: the part above `1 - other` anew.
            stays = draws[:, place] < 1.0 - other
            levels = cube.dimensions[place].levels
            elsewhere = np.minimum((draws[:, place] - (1.0 - other)) / other, 1 - 2**-53)
            hop = 1 + np.floor(np.maximum(elsewhere, 0.0) * (len(levels) - 1)).astype(int)
            index = np.searchsorted(levels, centres[:, place])
            moved_level = np.where(stays, centres[:, place], levels[(index + hop) % len(levels)])
            drawn[:, place] = np.where(kept[:, place], moved_level, drawn[:, place])
        return cube.snap(clipped(drawn))
