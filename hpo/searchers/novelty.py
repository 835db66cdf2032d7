"""Which configs were tried, so that none is tried twice, and what is left of a finite space."""

from __future__ import annotations

import numpy as np

from hpo.space import Space
from hpo.surrogates.cube import Cube, Points

LARGEST_LISTED = 2**16
"""A finite space of at most so many points is listed as a whole."""

_DIGITS = 9


class Tried:
    """A set of points of the cube, compared to nine decimals.

    Args:
        points: encoded configs, shape (n, d).
    """

    def __init__(self, points: Points) -> None:
        self._keys = {row.tobytes() for row in _rounded(points)}

    def __contains__(self, point: Points) -> bool:
        return _rounded(point).tobytes() in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def fresh(self, points: Points) -> Points:
        """Those of the points that were not tried."""
        return points[[row.tobytes() not in self._keys for row in _rounded(points)]]


def valid_points(cube: Cube) -> Points | None:
    """All points of a small finite space that meet its constraints; None for any other space."""
    points = cube.all_points(LARGEST_LISTED)
    if points is None or not cube.space.has_constraints:
        return points
    return points[satisfied(cube.space, points)]


def satisfied(space: Space, points: Points) -> list[bool]:
    """Whether each of the points meets the space's constraints."""
    if not space.has_constraints:
        return [True] * len(points)
    return [space.satisfies(config) for config in space.decode(points)]


def _rounded(points: Points) -> Points:
    return np.ascontiguousarray(np.round(points, _DIGITS) + 0.0)
