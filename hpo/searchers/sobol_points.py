"""Scrambled Sobol points (Sobol 1967; scrambled as in Matousek 1998), any of them by its number."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo.randomness import stream
from hpo.surrogates.cube import Points

MAX_DIMENSIONS = 21201
"""The number of dimensions for which there are direction numbers (Joe and Kuo 2008)."""


class Sequence:
    """A scrambled Sobol sequence in the unit cube, drawn as far as it is needed.

    Args:
        seed: the study's seed.
        num_dimensions: of the cube, at most `MAX_DIMENSIONS`.
    """

    def __init__(self, seed: int, num_dimensions: int) -> None:
        # scipy.stats takes half a second to import.
        from scipy.stats import qmc

        self._engine: Any = qmc.Sobol(num_dimensions, scramble=True, seed=stream(seed, "searcher", "sobol"))
        self._points = np.empty((0, num_dimensions))

    def points(self, start: int, stop: int) -> Points:
        """The points number `start` to `stop - 1`."""
        while len(self._points) < stop:
            # Doubling keeps the sequence balanced and the drawing cheap.
            more = self._engine.random(max(64, len(self._points)))
            self._points = np.concatenate([self._points, more])
        return self._points[start:stop]
