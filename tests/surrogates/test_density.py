from __future__ import annotations

import numpy as np
import pytest

from hpo.randomness import stream, uniforms
from hpo.space import Choice, Float, Int, Space
from hpo.surrogates.cube import Cube
from hpo.surrogates.density import Density

CUBE = Cube(
    Space(
        {
            "kind": Choice(["a", "b", "c"]),
            "x": Float(0, 1),
            "y": Float(0, 1).when("kind", eq="a"),
            "n": Int(1, 40),
        }
    )
)
WIDTHS = np.array([0.3, 0.1, 0.2, 0.15])


def density(points: list[list[float]], uniform_weight: float = 1.0) -> Density:
    snapped = CUBE.snap(np.array(points, dtype=np.float64).reshape(-1, 4))
    return Density(CUBE, snapped, uniform_weight=uniform_weight, bandwidths=WIDTHS)


@pytest.mark.parametrize(
    "points", [[], [[0.1, 0.02, 0.5, 0.9]], [[0.1, 0.3, 0.5, 0.9], [0.9, 0.7, 0.1, 0.2]]]
)
def test_against_the_prior_it_has_mean_one(points: list[list[float]]) -> None:
    draws = CUBE.snap(uniforms(0, "draws", shape=(40_000, 4)))
    assert np.exp(density(points).log_density(draws)).mean() == pytest.approx(1, abs=0.05)


def test_without_points_it_is_the_prior() -> None:
    draws = CUBE.snap(uniforms(0, "draws", shape=(10, 4)))
    assert np.allclose(density([]).log_density(draws), 0)


def test_draws_are_as_dense_as_it_says() -> None:
    mixture = density([[0.1, 0.3, 0.8, 0.9], [0.9, 0.7, 0.1, 0.2]])
    drawn = mixture.sample(40_000, stream(0, "sample"))
    # The mean of 1 / density over draws from the density is the volume.
    assert np.exp(-mixture.log_density(drawn)).mean() == pytest.approx(1, abs=0.05)
    assert np.array_equal(CUBE.snap(drawn), drawn)


def test_a_dimension_that_is_not_there_does_not_count() -> None:
    mixture = density([[0.1, 0.3, 0.8, 0.9]], uniform_weight=0)
    # `y` exists with kind a alone; with kind b it lies at 0.5 whatever is written there.
    low, high = mixture.log_density(CUBE.snap(np.array([[0.5, 0.3, 0.1, 0.9], [0.5, 0.3, 0.9, 0.9]])))
    assert low == high
