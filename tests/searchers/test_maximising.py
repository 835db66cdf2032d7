"""Climbing in the cube of a mixed space."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from hpo.searchers.acquisition import Box, maximise
from hpo.space import Choice, Float, Int, Space
from hpo.surrogates.cube import Cube, Points

Floats = NDArray[np.float64]

CUBE = Cube(Space({"x": Float(0, 1), "y": Float(0, 1), "n": Int(1, 5), "kind": Choice(["a", "b", "c"])}))
SUMMIT = np.array([0.123456789, 0.7, 0.3, 0.5])


@dataclass
class Hill:
    """Highest at `SUMMIT`, computed with errors of a relative size."""

    error: float = 0.0
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def values(self, points: Points) -> Floats:
        found = -np.sqrt(1.0 + ((points - SUMMIT) ** 2).sum(axis=1))
        return np.asarray(found * (1.0 + self.error * self.random.standard_normal(len(points))))

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        value = float(self.values(point[None])[0])
        noise = 1.0 + self.error * self.random.standard_normal(len(point))
        return value, (point - SUMMIT) / value * noise


def top(hill: Hill) -> tuple[float, ...]:
    starts = CUBE.snap(np.random.default_rng(1).random((32, len(CUBE))))
    box = Box.whole(len(CUBE))
    found = maximise(hill, CUBE, starts, accepts=lambda points: [True] * len(points), box=box)
    assert found is not None
    return tuple(found)


def test_it_comes_to_the_summit() -> None:
    assert top(Hill()) == pytest.approx((*SUMMIT[:2], 0.3, 0.5), abs=1e-4)


def test_the_last_bits_of_the_arithmetic_decide_nothing() -> None:
    hill = Hill(error=1e-14)
    assert [top(hill) for _ in range(20)] == [top(Hill())] * 20
