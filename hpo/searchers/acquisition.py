"""Maximises an acquisition function over a mixed space.

The search starts from the best of many candidates. It alternates between smooth dimensions, which it climbs
along the gradient (L-BFGS-B), and steps and categories, which it tries one dimension at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hpo.space.domain import UNIT_HIGH, UNIT_LOW
from hpo.surrogates.cube import FEW_LEVELS, Cube, Points

Floats = NDArray[np.float64]

_MAX_ROUNDS = 4
_MAX_STEPS = 40
_APART = 0.05
"""Starts differ by more than this in some dimension: those that lie closer climb the same hill."""

_DIGITS = 6
"""The decimals to which a summit is rounded. A climb amplifies the last bits of the arithmetic, which are not
the same in every run, and they would otherwise decide the proposal."""


class Acquisition(Protocol):
    """How much each point is worth trying."""

    def values(self, points: Points) -> Floats:
        """At m points, shape (m,)."""
        ...

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """At one point."""
        ...


@dataclass(frozen=True)
class Box:
    """A part of the cube, from `low` to `high` in each dimension, shapes (d,)."""

    low: Floats
    high: Floats

    @classmethod
    def whole(cls, num_dimensions: int) -> Box:
        """All of the cube."""
        return cls(np.full(num_dimensions, UNIT_LOW), np.full(num_dimensions, UNIT_HIGH))


def candidates(cube: Cube, centres: Points, random: np.random.Generator, box: Box, *, count: int) -> Points:
    """Draw starting points for `maximise`: half all over the box, half near the centres.

    Args:
        cube: the space's cube.
        centres: good points, the best first, shape (k, d); may be none.
        random: where the draws come from.
        box: the bounds of ordered dimensions. Categories may take any value.
        count: how many points.
    """
    num_dimensions = len(cube)
    points = box.low + (box.high - box.low) * random.random((count, num_dimensions))
    points[:, cube.categories] = random.random((count, int(cube.categories.sum())))
    if len(centres):
        near = count // 2
        # Of each centre some neighbours differ in one dimension, some in a few, some in all.
        share = np.maximum(random.random((near, 1)) ** 2, 1.0 / num_dimensions)
        changed = random.random((near, num_dimensions)) < share
        # Without one change at least the neighbour would be the centre.
        changed[np.arange(near), (random.random(near) * num_dimensions).astype(int)] = True
        # Steps of every size, from the whole box to 0.3 % of it: the distance to the summit is unknown.
        scale = 10.0 ** (-2.5 * random.random((near, 1)))
        # Half a spacing leads out of a level; from a much narrower bell most draws would snap back.
        width = np.maximum(scale * (box.high - box.low), 0.75 * cube.spacing)
        moved = centres[np.arange(near) % len(centres)].copy()
        moved += np.where(changed, width * _bell(random, (near, num_dimensions)), 0.0)
        # Mirrored at the cube's border: clipping alone would pile up candidates on it.
        moved = np.where(cube.categories, moved, np.clip(_reflected(moved), box.low, box.high))
        # Nearness means nothing between categories: a changed one is any of them.
        anew = changed & cube.categories
        moved[anew] = points[:near][anew]
        points[:near] = moved
    return np.unique(cube.snap(np.clip(points, UNIT_LOW, UNIT_HIGH)), axis=0)


def maximise(
    acquisition: Acquisition,
    cube: Cube,
    starts: Points,
    *,
    accepts: Callable[[Points], list[bool]],
    box: Box,
    num_starts: int = 4,
) -> Floats | None:
    """Find the best point that may be proposed; None if not even a start may.

    Args:
        acquisition: what is maximised.
        cube: the space's cube.
        starts: snapped points; the climbs begin at the best of them.
        accepts: tells which snapped points may be proposed.
        box: the bounds of ordered dimensions.
        num_starts: the number of climbs.
    """
    allowed = starts[accepts(starts)]
    if not len(allowed):
        return None
    values = acquisition.values(allowed)
    # Stable, here and below: among equals the first one wins, on every platform.
    order = np.argsort(-values, kind="stable")
    best = allowed[order[0]], float(values[order[0]])
    for start in _spread(allowed[order], num_starts):
        point, value = _climbed(acquisition, cube, start, accepts, box)
        if value > best[1]:
            best = point, value
    return np.asarray(best[0])


def _climbed(
    acquisition: Acquisition,
    cube: Cube,
    start: Floats,
    accepts: Callable[[Points], list[bool]],
    box: Box,
) -> tuple[Floats, float]:
    point = start
    value = float(acquisition.values(point[None])[0])
    for _ in range(_MAX_ROUNDS):
        before = value
        point, value = _along_gradient(acquisition, cube, point, value, accepts, box)
        moved, moved_value = _by_steps(acquisition, cube, point, value, accepts, box)
        # Only another level opens a new slope: without one, a second climb begins where the first one ended.
        if moved_value <= value:
            break
        point, value = moved, moved_value
        if value < before + 1e-6 * abs(before):
            break
    return point, value


def _along_gradient(
    acquisition: Acquisition,
    cube: Cube,
    start: Floats,
    value: float,
    accepts: Callable[[Points], list[bool]],
    box: Box,
) -> tuple[Floats, float]:
    from scipy.optimize import minimize

    moving = cube.climbable & cube.active(start[None])[0]
    if not moving.any():
        return start, value
    point = start.copy()

    def loss(part: Floats) -> tuple[float, Floats]:
        point[moving] = part
        reached, gradient = acquisition.value_and_gradient(point)
        return -reached, -gradient[moving]

    found: Any = minimize(
        loss,
        start[moving],
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(box.low[moving], box.high[moving], strict=True)),
        options={"maxiter": _MAX_STEPS, "ftol": 1e-7},
    )
    end = start.copy()
    end[moving] = found.x
    # Where a constraint or a tried config stands in the way, a part of the way may be free.
    path = start + np.array([[1.0], [0.75], [0.5], [0.25]]) * (end - start)
    path[:, moving] = np.clip(np.round(path[:, moving], _DIGITS), UNIT_LOW, UNIT_HIGH)
    return _better(acquisition, cube.snap(path), start, value, accepts)


def _by_steps(
    acquisition: Acquisition,
    cube: Cube,
    start: Floats,
    value: float,
    accepts: Callable[[Points], list[bool]],
    box: Box,
) -> tuple[Floats, float]:
    """Move to the best of all points that differ in one dimension of steps, until none is better."""
    for _ in range(3 * len(cube)):
        neighbours = _neighbours(cube, start, box)
        if not len(neighbours):
            break
        moved, moved_value = _better(acquisition, neighbours, start, value, accepts)
        if moved_value <= value:
            break
        start, value = moved, moved_value
    return start, value


def _neighbours(cube: Cube, point: Floats, box: Box) -> Points:
    rows = []
    for place in np.flatnonzero(cube.active(point[None])[0] & cube.free & ~cube.smooth):
        dimension = cube.dimensions[place]
        levels = dimension.levels
        if not dimension.is_category:
            levels = levels[(levels >= box.low[place]) & (levels <= box.high[place])]
            if len(levels) > FEW_LEVELS:
                # The gradient has climbed these already; a few neighbours make good its rounding.
                nearest = np.argsort(np.abs(levels - point[place]), kind="stable")[:7]
                levels = levels[nearest]
        for level in levels[levels != point[place]]:
            row = point.copy()
            row[place] = level
            rows.append(row)
    return cube.snap(np.array(rows)) if rows else np.empty((0, len(point)))


def _better(
    acquisition: Acquisition,
    points: Points,
    start: Floats,
    value: float,
    accepts: Callable[[Points], list[bool]],
) -> tuple[Floats, float]:
    values = acquisition.values(points)
    # One at a time, and only what is better: a constraint may be a slow function of the user's.
    for place in np.argsort(-values, kind="stable"):
        if values[place] <= value:
            break
        if accepts(points[place : place + 1])[0]:
            return points[place], float(values[place])
    return start, value


def _spread(points: Points, count: int) -> list[Floats]:
    """The first points that keep some distance from each other."""
    chosen: list[Floats] = []
    for point in points:
        if all(np.abs(point - other).max() > _APART for other in chosen):
            chosen.append(point)
            if len(chosen) == count:
                break
    return chosen


def _bell(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Nearly normal numbers of variance 1: sums of uniform ones, the same on every platform."""
    # Four uniform numbers have the mean 2 and the variance 4 / 12.
    return np.asarray((random.random((4, *shape)).sum(axis=0) - 2.0) * np.sqrt(3.0))


def _reflected(points: Points) -> Points:
    """Points that left the cube, mirrored back into it."""
    return 1.0 - np.abs(1.0 - np.mod(points, 2.0))
