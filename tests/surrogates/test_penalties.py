"""Which results are penalties, and that their size changes nothing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from hpo.randomness import uniforms
from hpo.searchers.plateau import on_plateau
from hpo.surrogates.outputs import gaussianised
from hpo.surrogates.penalties import comparable_part, penalties

RESULTS = uniforms(0, "results", shape=(20,))
SIZES = [1e2, 1e9, 1e100, sys.float_info.max]


@pytest.mark.parametrize("size", [1.0, *SIZES])
@pytest.mark.parametrize("count", [2, 20, 80])
def test_a_worst_value_that_comes_again_is_a_penalty(size: float, count: int) -> None:
    values = np.concatenate([RESULTS, np.full(count, size), [np.nan]])
    assert penalties(values).tolist() == [False] * 20 + [True] * count + [False]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [3, 20, 80])
def test_a_group_of_values_that_lies_far_off_are_penalties(size: float, count: int) -> None:
    bad = size * (0.5 + 0.5 * uniforms(1, "bad", shape=(count,)))
    values = np.concatenate([RESULTS, bad, [np.nan]])
    assert penalties(values).tolist() == [False] * 20 + [True] * count + [False]


@pytest.mark.parametrize(
    "values",
    [
        [1e-6, 2e-6, 3e-6, 0.3, 0.5, 0.9, 1.4],  # it has converged
        [0.1, 0.2, 0.2, 0.5, 0.7, 0.9, 0.9, 0.9],  # the metric has few values
        [0.1, 0.1, 0.1, 0.5, 0.9],  # the best one comes again
        [0.3, 0.3, 0.3],
        [0.3],
        [np.nan, np.nan],
        [],
    ],
)
def test_else_there_is_none(values: list[float]) -> None:
    assert not penalties(np.array(values, dtype=np.float64)).any()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_what_lies_far_off_takes_no_part_in_the_scale(share: float) -> None:
    count = round(len(RESULTS) * share / (1 - share))
    for size in SIZES:
        # Of various sizes, as of a penalty that grows with the violation of a limit.
        bad = size * (0.5 + 0.5 * uniforms(1, "bad", shape=(count,)))
        values = np.concatenate([bad, RESULTS])
        assert np.array_equal(comparable_part(values), np.sort(RESULTS))


def test_bad_values_of_a_search_that_has_converged_do_take_part() -> None:
    values = np.concatenate([1e-6 * RESULTS, [0.3, 0.5, 0.9, 1.4]])
    assert np.array_equal(comparable_part(values), np.sort(values))


@pytest.mark.parametrize("count", [1, 10, 40])
def test_a_model_sees_the_same_whatever_the_size_of_what_lies_far_off(count: int) -> None:
    seen = [gaussianised(np.append(RESULTS, np.full(count, size))) for size in SIZES]
    assert all(np.array_equal(each, seen[0]) for each in seen)
    assert np.ptp(seen[0][:20]) > 0.3


def test_the_largest_floats_of_both_signs_are_values_like_others() -> None:
    values = np.array([-sys.float_info.max, -1e308, 0.0, 1e308, sys.float_info.max])
    assert np.all(np.diff(gaussianised(values)) > 0)


@pytest.mark.parametrize("size", SIZES)
def test_beside_what_lies_far_off_different_values_are_no_plateau(size: float) -> None:
    assert not on_plateau(np.append(RESULTS, np.full(30, size) * RESULTS[0])).any()
    tied = np.concatenate([RESULTS, np.full(3, RESULTS.min()), np.full(30, size)])
    assert on_plateau(tied).sum() == 4
