"""Who is stopped under the median stopping rule, decision by decision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.objective.decision import Verdict
from hpo.testing.driver import Driven


def after(scheduler: hpo.MedianStopping, others: list[list[float]], *mine: float) -> hpo.schedulers.Decision:
    """What is decided on the last of these errors, beside others that trained as long or longer."""
    driven = Driven(scheduler)
    for errors in others:
        trial = driven.start()
        assert trial is not None
        for error in errors:
            driven.report(trial, error)
    trial = driven.start()
    assert trial is not None
    return driven.report(trial, *mine)


OTHERS = [[0.9, 0.1], [0.9, 0.2], [0.9, 0.3]]


def test_the_best_value_so_far_is_held_against_the_median_of_the_others_values() -> None:
    rule = hpo.MedianStopping(9, min_trials=3)
    assert after(rule, OTHERS, 0.9, 0.2).goes_on
    decision = after(rule, OTHERS, 0.9, 0.21)
    assert decision.verdict is Verdict.STOP
    assert decision.reason == (
        "its best value 0.21 by epoch 2 is worse than 0.2, the median of the values of 3 others"
    )
    assert after(rule, OTHERS, 0.15, 0.8).goes_on  # it was better before


def test_the_averages_of_the_paper_let_more_go_on() -> None:
    rule = hpo.MedianStopping(9, min_trials=3, averages=True)
    assert after(rule, OTHERS, 0.9, 0.54).goes_on
    decision = after(rule, OTHERS, 0.9, 0.56)
    assert decision.verdict is Verdict.STOP
    assert decision.reason == (
        "its best value 0.56 by epoch 2 is worse than 0.55, the median of the averages of 3 others"
    )


def test_nobody_is_stopped_before_enough_others_came_to_the_epoch() -> None:
    assert after(hpo.MedianStopping(9, min_trials=4), OTHERS, 0.9, 0.8).goes_on


def test_a_percentile_keeps_fewer() -> None:
    rule = hpo.MedianStopping(9, min_trials=3, percentile=25)
    assert after(rule, OTHERS, 0.9, 0.15).goes_on
    assert not after(rule, OTHERS, 0.9, 0.16).goes_on


def test_nan_is_worse_than_any_value() -> None:
    rule = hpo.MedianStopping(9, min_trials=3)
    assert not after(rule, OTHERS, math.nan).goes_on
    assert after(rule, [[math.nan]] * 3, 0.9).goes_on


def test_it_says_which_rule_it_follows() -> None:
    assert repr(hpo.MedianStopping(9)) == "MedianStopping(9, percentile=50, min_epochs=1)"
    assert repr(hpo.MedianStopping(averages=True)).endswith("min_epochs=1, averages=True)")


def test_averages_are_asked_for_by_true() -> None:
    with pytest.raises(TypeError, match="averages is True or False; received 'yes'"):
        hpo.MedianStopping(9, averages="yes")  # type: ignore[arg-type]  # wrong on purpose


def worse_at_the_end(config: dict[str, Any]) -> Iterator[float]:
    yield from (5.0, 5.0, config["x"])


def test_a_trial_that_is_behind_at_its_last_epoch_is_complete() -> None:
    points = [{"x": 0.2 + number / 20} for number in range(12)]
    given: dict[str, Any] = {"points_to_evaluate": points, "num_trials": 12, "seed": 0}
    rule = hpo.MedianStopping(min_trials=3)
    study = hpo.search(worse_at_the_end, {"x": hpo.Float(0, 1)}, scheduler=rule, **given)
    assert [trial.state for trial in study.trials] == [hpo.study.TrialState.COMPLETED] * 12


@pytest.mark.parametrize("scheduler", ["median", "asha", "asha-stopping", "hyperband", "successive-halving"])
def test_no_scheduler_stops_at_the_last_epoch(scheduler: str) -> None:
    def train(config: dict[str, Any], max_epochs: int = 9) -> Iterator[float]:
        for _ in range(max_epochs):
            yield config["x"]

    study = hpo.search(train, {"x": hpo.Float(0, 1)}, scheduler=scheduler, num_trials=20, seed=0)
    stopped = [trial for trial in study.trials if trial.state is hpo.study.TrialState.STOPPED]
    assert all(trial.reports[-1].epoch < 9 for trial in stopped)


def test_an_objective_that_declares_its_end_is_complete_there() -> None:
    def train(config: dict[str, Any], max_epochs: int = 3) -> Iterator[float]:
        yield from [0.5] * max_epochs

    tuner = hpo.Tuner(
        train, {"x": hpo.Float(0, 1)}, scheduler=hpo.MedianStopping(min_trials=2), num_trials=9, seed=0
    )
    # In step, as in a cohort: none has ended when the others come to their last epoch.
    trials = [tuner.ask() for _ in range(4)]
    for epoch, values in ((1, (9, 9, 9, 9)), (2, (8, 8, 8, 8)), (3, (1, 2, 3, 4))):
        assert all(tuner.report(*pair, epoch).goes_on for pair in zip(trials, values, strict=True))
