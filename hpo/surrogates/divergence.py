"""Measures how differently the top points and all points lie along one dimension of the cube.

The measure is the Pearson divergence of two densities p and q, the mean of (p / q - 1)^2 under q, between
kernel density estimates (Watanabe et al. 2023, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance
in Arbitrary Subspaces").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo.surrogates.cube import FEW_LEVELS, Dimension

Floats = NDArray[np.float64]

NUM_PLACES = 64
"""The number of places at which densities over many levels, or none, are evaluated."""

_PRIOR_POINTS = 1.0
"""Evenly spread points that both sets get, so that no density is 0 under the quotient."""

_LEAST_WIDTH = 0.05
"""A few top points that coincide would have a bandwidth of 0."""


def divergence(
    dimension: Dimension, unit: Floats, is_top: NDArray[np.bool_], shuffles: Floats
) -> tuple[float, float]:
    """The divergence of the top points from all, and that of as many points chosen at random.

    The divergence does not change under a monotonic change of scale. So a dimension without levels is taken
    in ranks, in which all points lie evenly however a search concentrated them.

    Args:
        dimension: of the cube.
        unit: where all points lie in it, shape (n,).
        is_top: which are the top ones, shape (n,).
        shuffles: uniform numbers, a row for each of the random choices, shape (k, n).
    """
    num_top = int(is_top.sum())
    if dimension.is_category or 0 < len(dimension.levels) <= FEW_LEVELS:
        places, size = dimension.steps(unit), len(dimension.levels)
        kernels = _kernels_of_categories(size, num_top)
    else:
        ranks = _middle_ranks(unit)
        places, size = np.minimum((ranks * NUM_PLACES).astype(np.intp), NUM_PLACES - 1), NUM_PLACES
        kernels = _kernels_of_ranks(float(np.std(ranks[is_top])), num_top)

    def density(rows: NDArray[np.intp]) -> Floats:
        counts = np.array([np.bincount(places[row], minlength=size) for row in rows])
        smooth = counts @ kernels + _PRIOR_POINTS / size
        return np.asarray(smooth / smooth.sum(axis=1, keepdims=True))

    base = density(np.arange(len(unit))[None])
    # With the same kernels and size as the top ones: the divergence of few points is above 0 by chance.
    # A choice is the places of the smallest numbers of its row, in any order.
    chosen = np.argpartition(shuffles, num_top - 1, axis=1)[:, :num_top]
    rows = np.concatenate([np.flatnonzero(is_top)[None], chosen])
    apart = (base * (density(rows) / base - 1.0) ** 2).sum(axis=1)
    return float(apart[0]), float(apart[1:].mean())


def _kernels_of_ranks(spread: float, count: int) -> Floats:
    """Normal kernels, as wide as Scott (1992, "Multivariate Density Estimation") says for so many points."""
    width = max(1.06 * spread * count**-0.2, _LEAST_WIDTH)
    places = (np.arange(NUM_PLACES) + 0.5) / NUM_PLACES
    kernels = np.exp(-0.5 * ((places[:, None] - places[None, :]) / width) ** 2)
    return np.asarray(kernels / kernels.sum(axis=1, keepdims=True))


def _kernels_of_categories(size: int, count: int) -> Floats:
    """The kernels of Aitchison and Aitken (1976): mostly the category itself, the more so the more points."""
    # The more points, the less is smoothed: without any, all categories are equal.
    other = 1.0 / (size * (1.0 + count))
    kernels = np.full((size, size), other)
    np.fill_diagonal(kernels, 1.0 - (size - 1) * other)
    return kernels


def _middle_ranks(values: Floats) -> Floats:
    """The share of the values that lie below each, and half of those that equal it."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    return np.asarray((below + 0.5 * counts)[inverse] / len(values))
