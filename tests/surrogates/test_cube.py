from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from hpo.randomness import uniforms
from hpo.space import Choice, Constant, Distribution, Float, Int, Ordinal, Space
from hpo.surrogates.cube import Cube

SPACE = Space(
    {
        "rate": Float(1e-4, 1, log=True),
        "units": Int(3, 70, log=True),
        "layers": Int(1, 3),
        "kind": Choice(["a", "b", "c"]),
        "momentum": Float(0, 1).when("kind", in_=["b", "c"]),
        "size": Ordinal(["s", "m", "l"]).when("rate", ge=0.01),
        "width": Int(1, 9).when("size", gt="s"),
        "trials": Distribution(scipy.stats.binom(10, 0.3)),
        "huge": Int(0, 10**7),
        "fixed": Constant(7),
        "flat": Float(2, 2),
    }
)


def test_snapped_points_are_the_encoded_configs() -> None:
    points = uniforms(0, "points", shape=(400, len(SPACE)))
    expected = SPACE.encode(SPACE.decode(points))
    assert np.allclose(Cube(SPACE).snap(points), expected, rtol=0, atol=1e-12)


def test_active_is_what_the_configs_hold() -> None:
    points = uniforms(1, "points", shape=(200, len(SPACE)))
    expected = [[name in config for name in SPACE] for config in SPACE.decode(points)]
    assert Cube(SPACE).active(points).tolist() == expected


def test_all_points_of_a_conditional_space_are_there_once() -> None:
    space = Space({"a": Int(1, 3), "b": Choice(["x", "y"]), "c": Ordinal([1, 2]).when("b", eq="y")})
    points = Cube(space).all_points(limit=100)
    assert points is not None
    configs = {tuple(config.items()) for config in space.decode(points)}
    assert len(points) == len(configs) == 9


@pytest.mark.parametrize("domain", [Float(0, 1), Int(1, 200)])
def test_a_space_that_is_too_large_is_not_listed(domain: Float | Int) -> None:
    assert Cube(Space({"x": domain})).all_points(limit=100) is None


def test_few_steps_are_tried_one_by_one_and_many_are_climbed() -> None:
    cube = Cube(
        Space({"few": Int(1, 5), "many": Int(1, 100), "smooth": Float(0, 1), "kind": Choice(["a", "b"])})
    )
    assert cube.climbable.tolist() == [False, True, True, False]
    assert cube.smooth.tolist() == [False, False, True, False]


def test_what_is_fixed_is_not_free() -> None:
    assert Cube(Space({"x": Float(0, 1), "y": Constant(1), "z": Int(2, 2)})).free.tolist() == [
        True,
        False,
        False,
    ]
