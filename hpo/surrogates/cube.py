"""The unit cube of a space as models see it: which dimensions have steps, an order, conditions.

`Space` works config by config, but a model looks at thousands of points for each proposal. This is the same
knowledge as arrays.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpo.space import Domain, Space
from hpo.space.conditions import Condition

Points = NDArray[np.float64]
"""Points of the unit cube, shape (n, dimensions)."""

Mask = NDArray[np.bool_]
"""True or False for each point, or for each dimension of each."""

MAX_LEVELS = 1024
"""A discrete domain with more values than this is treated as continuous until its value is decoded."""

FEW_LEVELS = 12
"""Up to so many levels are tried one by one; more are climbed along a gradient."""

INACTIVE = 0.5
"""The coordinate of an inactive hyperparameter, as in `Space.encode`: all such points coincide in it."""


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter's side of the cube.

    Attributes:
        name: the hyperparameter.
        domain: its domain.
        levels: the places of its values, ascending; empty for a continuous one and for one of more than
            `MAX_LEVELS` values. A fixed one has one level.
        edges: the borders between the levels' steps.
        is_category: whether its levels have no order.
    """

    name: str
    domain: Domain
    levels: NDArray[np.float64]
    edges: NDArray[np.float64]
    is_category: bool

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return self.domain.size == 1

    @property
    def is_climbable(self) -> bool:
        """Whether following a gradient and then snapping makes sense."""
        return not len(self.levels) or (not self.is_category and len(self.levels) > FEW_LEVELS)

    def steps(self, unit: NDArray[np.float64]) -> NDArray[np.intp]:
        """The index of the level to which each point belongs."""
        # An edge itself belongs to the step above it, as in `Domain.quantiles`, which rounds down.
        return np.asarray(np.searchsorted(self.edges, unit, side="right"))

    def snap(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move points to the middles of their steps; a continuous dimension has none."""
        if len(self.levels):
            return np.asarray(self.levels[self.steps(unit)])
        if self.domain.is_discrete:
            return self.domain.positions(self.domain.decode(unit))
        return unit


class Cube:
    """The unit cube of a space.

    Attributes:
        space: the space.
        dimensions: its sides, in the space's order.
        free: which dimensions there is something to choose in, shape (d,).
        categories: which have no order, shape (d,).
        smooth: which can be moved by any amount (ordered, continuous or of many values), shape (d,).
        climbable: which are worth following a gradient in: smooth, or of many ordered steps, shape (d,).
        spacing: the mean distance of the levels, 0 where there are none, shape (d,).
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.dimensions = tuple(_dimension(name, domain) for name, domain in space.items())
        self.free = np.array([not each.is_fixed for each in self.dimensions])
        self.categories = np.array([each.is_category for each in self.dimensions])
        self.smooth = np.array([not len(each.levels) for each in self.dimensions])
        self.climbable = np.array([each.is_climbable for each in self.dimensions])
        self.spacing = np.array(
            [1 / len(each.levels) if len(each.levels) else 0.0 for each in self.dimensions]
        )
        places = {name: place for place, name in enumerate(space)}
        # In the order of deciders before what they decide, which `active` relies on.
        self._conditional = [
            (places[name], [_Rule(condition, places[condition.name], self) for condition in conditions])
            for name in space.order
            if (conditions := space[name].conditions)
        ]

    def __len__(self) -> int:
        return len(self.dimensions)

    def active(self, points: Points) -> Mask:
        """Which hyperparameters exist at each point, shape (n, d)."""
        mask = np.ones(points.shape, dtype=bool)
        for place, rules in self._conditional:
            for rule in rules:
                mask[:, place] &= mask[:, rule.decider] & rule.holds(points[:, rule.decider])
        return mask

    def snap(self, points: Points) -> Points:
        """The points that the configs at `points` are encoded to: steps' middles, 0.5 where inactive."""
        snapped = np.array(points)
        for place, dimension in enumerate(self.dimensions):
            if dimension.domain.is_discrete or dimension.is_fixed:
                snapped[:, place] = dimension.snap(snapped[:, place])
        if self._conditional:
            snapped[~self.active(snapped)] = INACTIVE
        return snapped

    def all_points(self, limit: int) -> Points | None:
        """Every config of a finite space as a point, each once; None if there are more than `limit`.

        Constraints are not looked at.
        """
        if self.space.size > limit:
            return None
        axes = [dimension.levels for dimension in self.dimensions]
        points = np.array(list(itertools.product(*axes)), dtype=np.float64)
        # Combinations that differ only in what is inactive are one config.
        return np.unique(self.snap(points), axis=0) if self._conditional else points


class _Rule:
    """A condition, evaluated for a column of points at once."""

    def __init__(self, condition: Condition, decider: int, cube: Cube) -> None:
        self.decider = decider
        self._condition = condition
        self._dimension = cube.dimensions[decider]
        levels = self._dimension.levels
        # A condition is a Python comparison of decoded values: one for each level, not for each point.
        self._table = self._evaluated(levels) if len(levels) else None

    def holds(self, unit: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether it holds where the deciding hyperparameter lies at `unit`."""
        if self._table is None:
            return self._evaluated(unit)
        return np.asarray(self._table[self._dimension.steps(unit)])

    def _evaluated(self, unit: NDArray[np.float64]) -> NDArray[np.bool_]:
        domain = self._dimension.domain
        return np.array(
            [self._condition.holds(value, domain.rank) for value in domain.decode(unit)], dtype=bool
        )


def _dimension(name: str, domain: Domain) -> Dimension:
    levels, edges = np.empty(0), np.empty(0)
    if domain.size == 1:
        levels = domain.encode(domain.decode([0.5]))
    elif domain.is_discrete and domain.size <= MAX_LEVELS:
        levels = _levels(domain)
        # A level is the middle of its step, so each edge follows from the one below it.
        edges = np.empty(len(levels))
        upper = 0.0
        for index, middle in enumerate(levels):
            upper = 2 * middle - upper
            edges[index] = upper
        edges = edges[:-1]
    return Dimension(name, domain, levels, edges, is_category=domain.size > 1 and not domain.is_ordered)


def _levels(domain: Domain) -> NDArray[np.float64]:
    """The places of all values of a discrete domain."""
    count = int(domain.size)
    # Equal steps first, as of lists and of an `Int` without `log`. Under another prior they hit some values
    # twice and others never; then the integers between the bounds are gone through.
    listed = domain.decode((np.arange(count) + 0.5) / count)
    if len(set(map(repr, listed))) == count:
        return domain.encode(listed)
    if domain.bounds is None:
        raise ValueError(f"{domain!r} lists {domain.size} values but gives only {len(set(listed))} of them.")
    low, high = domain.bounds
    values = [value for value in range(int(low), int(high) + 1) if domain.contains(value)]  # type: ignore[arg-type]  # finite
    return domain.encode(values)
