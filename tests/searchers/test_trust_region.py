"""How the trust region grows, shrinks and starts over."""

from __future__ import annotations

import numpy as np
import pytest

from hpo.searchers.trust_region import trust_region

DIMENSIONS = 5


def after(values: list[float]) -> tuple[int, float]:
    region = trust_region(np.array(values), num_dimensions=DIMENSIONS, num_initial=2)
    return region.first, region.length


def test_it_begins_with_four_fifths_of_the_cube() -> None:
    assert after([3.0, 2.0]) == (0, 0.8)


def test_three_successes_double_it() -> None:
    assert after([9.0, 8.0, 7.0, 6.0, 5.0]) == (0, 1.6)


def test_as_many_failures_as_dimensions_halve_it() -> None:
    assert after([1.0, 1.0, *[2.0] * DIMENSIONS]) == (0, 0.4)


def test_a_tiny_gain_is_a_failure() -> None:
    assert after([1.0, 1.0, *[1.0 - 1e-4] * DIMENSIONS]) == (0, 0.4)


def test_when_it_is_very_small_it_starts_over_and_forgets() -> None:
    first, length = after([1.0, 1.0, *[2.0] * (7 * DIMENSIONS)])
    assert (first, length) == (2 + 7 * DIMENSIONS, 0.8)


def test_its_box_is_long_where_the_function_changes_slowly() -> None:
    region = trust_region(np.array([1.0]), num_dimensions=2, num_initial=2)
    box = region.box(np.array([0.5, 0.5]), np.array([0.5, 2.0]))
    assert box.high - box.low == pytest.approx([0.4, 1.0])
