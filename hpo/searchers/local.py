"""Local search around the incumbent: an exercise of the book's chapter on hyperparameter optimization."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo.checks import checked_number
from hpo.searchers.sequential import Sequential
from hpo.searchers.situation import Pick, Situation, draw_untried

_MAX_ATTEMPTS = 64


class LocalSearch(Sequential):
    """Changes one hyperparameter of the incumbent, or draws a new config.

    Args:
        probability: of changing the incumbent; else the config is drawn from the priors.

    Raises:
        ValueError: `probability` is not from 0 to 1.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}
        >>> study = hpo.search(
        ...     lambda c: c["x"] + c["y"], space, searcher=LocalSearch(probability=1), num_trials=2, seed=0
        ... )
        >>> first, second = (trial.config for trial in study.trials)
        >>> sum(first[name] != second[name] for name in space)
        1
    """

    def __init__(self, *, probability: float = 0.5) -> None:
        super().__init__()
        self._probability = checked_number(
            "probability", probability, "a number from 0 to 1", lambda number: 0 <= number <= 1
        )

    def propose(self, situation: Situation) -> Pick | None:
        """A neighbour of the incumbent, or a draw."""
        values = np.where(situation.observations.known, situation.observations.values, np.inf)
        random = situation.random("local")
        if np.isfinite(values).any() and random.random() < self._probability:
            parent = int(np.argmin(values))
            for _ in range(_MAX_ATTEMPTS):
                point = _changed(situation, situation.observations.points[parent], random)
                if situation.accepts(point[None])[0]:
                    return Pick(point, {"by": "change", "parent": parent})
        return draw_untried(situation)


def _changed(
    situation: Situation, parent: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """The parent with one hyperparameter drawn anew, and with draws for those that become active by it."""
    cube = situation.cube
    exists = cube.active(parent[None])[0]
    changeable = np.flatnonzero(exists & cube.free)
    draws = random.random(len(cube))
    point = np.where(exists, parent, draws)
    if len(changeable):
        place = changeable[int(random.random() * len(changeable))]
        levels = cube.dimensions[place].levels
        others = levels[levels != parent[place]]
        # A continuous dimension has no levels, and a fresh draw differs from the parent almost surely.
        point[place] = others[int(draws[place] * len(others))] if len(others) else draws[place]
    return np.asarray(cube.snap(point[None])[0])
