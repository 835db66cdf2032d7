"""What a searcher may look at when it makes one proposal, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.randomness import stream
from hpo.searchers.novelty import Tried, satisfied
from hpo.surrogates.cube import Cube, Points
from hpo.surrogates.observations import Observations


@dataclass(frozen=True)
class Situation:
    """What is known when a proposal is made.

    Attributes:
        seed: the study's.
        number: of the proposal.
        cube: the space's cube.
        observations: the trials, those that were proposed in the same breath as pending ones.
        tried: their configs.
        untried: everything that is left of a small finite space; None for any other.
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
        info: what the log should keep of how it came about.
    """

    point: NDArray[np.float64]
    info: dict[str, Any] = field(default_factory=dict)


def draw_untried(situation: Situation) -> Pick | None:
    """A draw from the priors that was not tried; None if a finite space seems to hold no other.

    Raises:
        SpaceError: almost no config meets the space's constraints.
    """
    info = {"by": "random"}
    if situation.untried is not None:
        if not len(situation.untried):
            return None
        place = int(situation.random("any").random() * len(situation.untried))
        return Pick(situation.untried[place], info)
    space = situation.cube.space
    # Rows of the blocks of random search, far behind those that a study of any length gets to.
    start = 2**40 + 1024 * situation.number
    for size in (8, 1024):
        fresh = situation.tried.fresh(space.encode(space.sample(situation.seed, n=size, start=start)))
        if len(fresh):
            return Pick(fresh[0], info)
    return None
