"""When the hyperparameters of a growing process are fitted, and to which of its points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo.randomness import uniforms
from hpo.surrogates.cube import Cube, Points
from hpo.surrogates.gaussian_process import Hyperparameters, Priors, fit_hyperparameters
from hpo.surrogates.outputs import gaussianised

Floats = NDArray[np.float64]

MAX_FITTED = 250
"""The hyperparameters are fitted to at most so many: each step of the fit inverts a matrix of this size."""


class GrowingFit:
    """The hyperparameters for what was seen so far.

    They are fitted from a cold start at fixed numbers of points, so that a fresh one finds the same.

    Args:
        priors: of the hyperparameters.
        most: the number of points that they are fitted to at most.
    """

    def __init__(self, priors: Priors, most: int = MAX_FITTED) -> None:
        self._priors = priors
        self._most = most
        self._last: tuple[tuple[Floats, Floats], Hyperparameters] | None = None

    def of(self, cube: Cube, points: Points, values: Floats) -> Hyperparameters:
        """The hyperparameters for these points and their raw values, in the order in which they came."""
        # Only a prefix of the results is used, and their values before any transform (which would change
        # with each result): the fit stays the same until the next fixed count.
        count = fixed_count(len(points))
        chosen = subset(values[:count], self._most, 0)
        given = points[:count][chosen], values[:count][chosen]
        if self._last is None or not all(
            np.array_equal(a, b) for a, b in zip(self._last[0], given, strict=True)
        ):
            transformed = gaussianised(given[1])
            self._last = given, fit_hyperparameters(given[0], transformed, cube.categories, self._priors)
        return self._last[1]


def fixed_count(num_points: int) -> int:
    """The number of first results that the hyperparameters are fitted to: up to 25 all, then in steps of 5 %.

    Steps that grow keep the number of fits logarithmic in the number of trials.
    """
    count = min(num_points, 25)
    while count + count // 20 <= num_points and count >= 25:
        count += count // 20
    return count


def subset(values: Floats, size: int, seed: int) -> NDArray[np.intp]:
    """The indices, ascending, of at most `size` values: a quarter are the smallest, the others are drawn."""
    if len(values) <= size:
        return np.arange(len(values))
    order = np.argsort(values, kind="stable")
    num_best = size // 4
    rest = order[num_best:]
    draws = uniforms(seed, "searcher", "subset", shape=(len(values),))[rest]
    return np.sort(
        np.concatenate([order[:num_best], rest[np.argsort(draws, kind="stable")[: size - num_best]]])
    )
