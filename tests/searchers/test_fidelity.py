"""Results at several epochs on one scale."""

from __future__ import annotations

import numpy as np
import pytest

from hpo.surrogates.fidelity import Curve, comparable_values


def curve(level: float, epochs: int, *, final: bool = False) -> Curve:
    """An error that falls by the same from epoch to epoch, whatever its level."""
    reports = tuple((epoch, level + 1 / epoch) for epoch in range(1, epochs + 1))
    return Curve(final=reports[-1][1] if final else None, reports=reports)


def test_whole_trials_keep_their_results() -> None:
    values, num_partial = comparable_values([curve(1, 9, final=True), Curve(failed=True), Curve()], fewest=3)
    assert values[0] == 1 + 1 / 9
    assert np.isnan(values[1:]).all()
    assert num_partial == 0


def test_trials_that_ended_early_are_lifted_to_the_highest_rung_with_enough_trials() -> None:
    levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    curves = [curve(level, 9 if level < 0.35 else 1) for level in levels]
    values, num_partial = comparable_values(curves, fewest=3)
    assert values == pytest.approx([level + 1 / 9 for level in levels])
    assert num_partial == 6


def test_a_good_start_counts_as_good_before_it_is_promoted() -> None:
    # Copies of an early winner fill the top; a newcomer was better at the first epoch.
    curves = [curve(0.5 + 0.001 * number, 9, final=True) for number in range(5)]
    curves += [curve(0.9, 1), curve(0.3, 1)]
    values, _ = comparable_values(curves, fewest=3)
    assert int(np.argmin(values)) == 6


def test_a_result_of_few_epochs_is_not_compared_with_one_of_many() -> None:
    # An early end at epoch 1 shows 1.2, which is better than 0.3 + 1 = 1.3 was there.
    values, _ = comparable_values([*(curve(0.3, 27, final=True) for _ in range(4)), curve(0.2, 1)], fewest=3)
    assert values[4] < values[0] < 0.4


def test_a_rung_with_too_few_trials_does_not_set_the_scale() -> None:
    curves = [curve(0.1, 27), *(curve(0.2 + 0.1 * number, 3) for number in range(5))]
    values, _ = comparable_values(curves, fewest=3)
    assert values[0] == pytest.approx(0.1 + 1 / 3)


def test_the_order_at_a_rung_is_kept_when_it_is_lifted() -> None:
    rising = [Curve(reports=((1, level), (3, -level))) for level in (0.1, 0.2, 0.3)]
    stopped = [Curve(reports=((1, level),)) for level in (0.15, 0.25, 0.9)]
    values, _ = comparable_values([*rising, *stopped], fewest=3)
    assert values[3] <= values[4] <= values[5]


def test_a_running_trial_has_no_value_yet() -> None:
    values, _ = comparable_values([curve(0.1, 3), Curve()], fewest=2)
    assert np.isnan(values[1])
