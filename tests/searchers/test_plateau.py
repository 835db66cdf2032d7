"""What is a plateau, and that a model leaves it."""

from __future__ import annotations

import numpy as np
import pytest

import hpo
from hpo.searchers.plateau import on_plateau
from hpo.testing.by_hand import SearchByHand


def test_several_equal_values_among_different_ones_are_a_plateau() -> None:
    values = np.array([0.31, 0.5, 0.1, 0.1, 0.72, 0.1, 0.32])
    assert on_plateau(values).tolist() == [False, False, True, True, False, True, False]


def test_there_may_be_several_plateaus() -> None:
    values = np.array([0.31, 0.2, 0.1, 0.2, 0.72, 0.2, 0.32, 0.1, 0.1, 0.33, 0.5, 0.6])
    assert on_plateau(values).tolist() == [value in (0.1, 0.2) for value in values]


def test_their_scale_does_not_matter() -> None:
    values = np.array([0.31, 0.5, -0.9, -0.9, 0.72, -0.9, 0.32])
    for scale in (1e-308, 1e-9, 1e9, 1.7e308):
        assert on_plateau(scale * values).sum() == 3


def test_it_does_not_matter_how_many_they_are() -> None:
    values = np.array([0.1] * 20 + [0.31, 0.5, 0.72, 0.3105])
    assert on_plateau(values).sum() == 20


@pytest.mark.parametrize(
    "values",
    [
        [0.1, 0.1, 0.31, 0.311, 0.7],  # two may be by chance
        [0.5, 0.2, 0.1, 0.1, 0.1, 0.1, 0.4, 0.3, 0.2],  # tenths
        [0.5, 0.1 + 1e-17, 0.3 - 0.2, 0.1, 0.1, 0.4, 0.30000000000000004, 0.3],  # tenths, calculated
        [0.1, 0.2, 0.3, 0.9, 0.9, 0.9, 0.9, 0.21],  # where training broke
        [1.0, 1.0, 1.0, 1.0],
        [1.0],
        [-1.7e308, 1.7e308, -1.7e308, 0.0],
    ],
)
def test_else_there_is_none(values: list[float]) -> None:
    assert not on_plateau(np.array(values)).any()


KNOWN = {0.0: 0.9, 0.1: 0.71, 0.2: 0.1, 0.3: 0.1, 0.4: 0.1, 0.5: 0.603, 0.7: 0.61, 0.9: 0.8}


def test_a_gaussian_process_looks_elsewhere() -> None:
    loop = SearchByHand(
        hpo.GaussianProcess(), hpo.Space({"x": hpo.Float(0, 1)}), lambda config: KNOWN[config["x"]]
    )
    for x in KNOWN:
        loop.add({"x": x})
    for trial in loop.start(4):
        nearest = min(KNOWN, key=lambda x: abs(x - trial.config["x"]))
        assert KNOWN[nearest] > 0.1
