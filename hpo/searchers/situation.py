"""What a searcher sees when it makes one proposal, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.randomness import stream
from hpo.space import Space
from hpo.surrogates.cube import Cube, Points
from hpo.surrogates.observations import RANDOM, Observations

LARGEST_LISTED = 2**16
"""A finite space of at most so many points is listed as a whole."""

_DIGITS = 9
"""Decimals at which points count as the same: a continuous value comes back from its config a few ulp off."""


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


@dataclass(frozen=True)
class Situation:
    """What is known when a proposal is made.

    Attributes:
        seed: the study's seed.
        number: the number of the proposal.
        cube: the space's cube.
        observations: the trials; those proposed in the same call are pending.
        tried: the configs of these trials.
        untried: all configs that are left of a small finite space; None for any other space.
    """

    seed: int
    number: int
    cube: Cube
    observations: Observations
    tried: Tried
    untried: Points | None

    def accepts(self, points: Points) -> list[bool]:
        """Which of the snapped points may be proposed: valid and not tried."""
        valid = satisfied(self.cube.space, points)
        return [fits and point not in self.tried for fits, point in zip(valid, points, strict=True)]

    def random(self, purpose: str) -> np.random.Generator:
        """The stream of random numbers that belongs to this proposal and a purpose."""
        return stream(self.seed, "searcher", purpose, self.number)


@dataclass(frozen=True)
class Pick:
    """A snapped point that a searcher wants tried.

    Attributes:
        point: in the unit cube, shape (d,).
        info: how the choice came about, for the log.
    """

    point: NDArray[np.float64]
    info: dict[str, Any] = field(default_factory=dict)


def draw_untried(situation: Situation) -> Pick | None:
    """Draw from the priors a point that was not tried; None if a finite space seems to hold no other.

    Raises:
        SpaceError: almost no config meets the space's constraints.
    """
    info = {"by": RANDOM}
    if situation.untried is not None:
        if not len(situation.untried):
            return None
        place = int(situation.random("any").random() * len(situation.untried))
        return Pick(situation.untried[place], info)
    space = situation.cube.space
    # Rows of the blocks of random search, far behind those that a study of any length gets to.
    start = 2**40 + 1024 * situation.number
    # One of eight is new nearly always; a finite space that is all but used up may take more.
    for size in (8, 1024):
        fresh = situation.tried.fresh(space.encode(space.sample(situation.seed, n=size, start=start)))
        if len(fresh):
            return Pick(fresh[0], info)
    return None


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
    # Keys are bytes, in which -0.0 and 0.0 differ: adding 0.0 turns the one into the other.
    return np.ascontiguousarray(np.round(points, _DIGITS) + 0.0)
