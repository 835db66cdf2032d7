"""The Matern 5/2 kernel with a length-scale for each dimension, and its derivatives.

Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning", equation 4.17: with r the distance
in length-scales, k(r) = (1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def matern(squared: Floats) -> tuple[Floats, Floats]:
    """The kernel and its derivative by the squared distance, at squared distances of any shape."""
    # By the squared distance: the chain rule through the distance itself is 0 / 0 where points coincide.
    distance = np.sqrt(5.0 * squared)
    decay = np.exp(-distance)
    slope = (1.0 + distance) * decay
    return slope + (5.0 / 3.0) * squared * decay, (-5.0 / 6.0) * slope


def squared_differences(points: Floats, categories: NDArray[np.bool_]) -> Floats:
    """The squared difference of each two points in each dimension, shape (d, n, n).

    Two categories differ by 1, whichever they are: the distance of one-hot vectors, over sqrt(2).
    """
    columns = points.T
    differences = columns[:, :, None] - columns[:, None, :]
    differences[categories] = differences[categories] != 0
    return np.square(differences, out=differences)


def squared_distances(left: Floats, right: Floats, weights: Floats, categories: NDArray[np.bool_]) -> Floats:
    """The squared distances of points, each dimension counting by its weight, shape (n, m)."""
    ordered = ~categories
    scale = np.sqrt(weights[ordered])
    a, b = left[:, ordered] * scale, right[:, ordered] * scale
    # One matrix product instead of an array of shape (n, m, d). It cancels for points that are close, so
    # the result may fall below 0 by round-off.
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2.0 * (a @ b.T)
    np.maximum(squared, 0.0, out=squared)
    for place in np.flatnonzero(categories):
        squared += weights[place] * (left[:, place, None] != right[None, :, place])
    return np.asarray(squared)
