"""Who goes on under ASHA, decision by decision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.objective.decision import Verdict
from hpo.testing.driver import Driven


def came(driven: Driven, *errors: float) -> list[Verdict]:
    """Start a trial for each of these errors, and let it report that; what was decided on each."""
    verdicts = []
    for error in errors:
        trial = driven.start()
        assert trial is not None
        verdicts.append(driven.report(trial, error).verdict)
    return verdicts


def test_one_of_eta_goes_on_and_nobody_before_eta_came() -> None:
    driven = Driven(hpo.ASHA(1, 27))
    for number in range(3):
        assert driven.next() == hpo.schedulers.Grant(until=1, info={"rung": 0})
        assert came(driven, 0.5 - number / 10) == [Verdict.PAUSE]
    step = driven.next()
    assert isinstance(step, hpo.schedulers.Grant)
    assert (step.trial, step.until) == (2, 3)
    assert step.info == {"rung": 1, "reason": "rank 1 of 3 at epoch 1"}


def test_of_those_that_were_promoted_the_first_goes_on_to_the_end() -> None:
    driven = Driven(hpo.ASHA(1, 9))
    came(driven, 0.1, 0.2, 0.3)
    assert driven.start() == 0
    driven.report(0, 0.09, 0.08)
    step = driven.next()
    assert isinstance(step, hpo.schedulers.Grant)
    assert (step.trial, step.until) == (0, 9)
    assert step.info["reason"] == "rank 1 of 1 at epoch 3"


def test_the_next_one_goes_to_the_end_only_if_it_is_better() -> None:
    driven = Driven(hpo.ASHA(1, 9))
    came(driven, 0.1, 0.2, 0.3)
    assert driven.start() == 0
    driven.report(0, 0.1, 0.1)
    assert driven.start() == 0  # to its end, on another worker
    came(driven, 0.4, 0.5, 0.05)
    assert driven.start() == 5
    driven.report(5, 0.2, 0.2)
    assert driven.next() == hpo.schedulers.Grant(until=1, info={"rung": 0})
    came(driven, 0.6, 0.7, 0.04)
    assert driven.start() == 8
    driven.report(8, 0.01, 0.01)
    step = driven.next()
    assert isinstance(step, hpo.schedulers.Grant)
    assert (step.trial, step.until) == (8, 9)


def test_with_two_rungs_eta_trials_are_compared_first() -> None:
    driven = Driven(hpo.ASHA(1, 3))
    came(driven, 0.1, 0.2)
    assert driven.next() == hpo.schedulers.Grant(until=1, info={"rung": 0})


def test_of_a_few_trials_one_is_trained_in_full() -> None:
    driven = Driven(hpo.ASHA(1, 9), num_trials=3)
    came(driven, 0.1, 0.2, 0.3)
    assert driven.start() == 0
    assert driven.start() is None  # one of three goes on, so the last is ended; the second stays in reserve
    assert [trial.state for trial in driven.study.trials] == [
        hpo.study.TrialState.RUNNING,
        hpo.study.TrialState.PAUSED,
        hpo.study.TrialState.STOPPED,
    ]
    driven.report(0, 0.1, 0.1)
    assert driven.start() == 0
    assert driven.report(0, *[0.1] * 6).verdict is Verdict.COMPLETE


def test_of_those_that_would_be_stopped_the_best_so_far_goes_on() -> None:
    driven = Driven(hpo.ASHA(1, 27, kind="stopping"))
    assert came(driven, 0.3, 0.4, 0.2, 0.25, 0.1) == [
        Verdict.CONTINUE,
        Verdict.STOP,
        Verdict.CONTINUE,
        Verdict.STOP,
        Verdict.CONTINUE,
    ]
    assert driven.report(0, 0.3, 0.3).verdict is Verdict.CONTINUE
    stopped = driven.report(2, 0.5, 0.5)
    assert stopped.verdict is Verdict.STOP
    assert stopped.reason == "rank 2 of 2 at epoch 3; one of 3 goes on"


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_what_breaks_at_a_rung_is_not_counted_at_the_next_one(broken: float) -> None:
    curves = {0: [0.3] * 9, 4: [0.1, 0.1, 0.5]}

    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        yield from curves.get(trial.id or 0, [broken])

    scheduler = hpo.ASHA(1, 9, kind="stopping")
    study = hpo.search(train, {"x": hpo.Float(0, 1)}, scheduler=scheduler, num_trials=5, seed=0)
    assert study.num_failed == 3
    assert study.trials[4].reason == "rank 2 of 2 at epoch 3; one of 3 goes on"


def test_who_breaks_on_the_way_to_a_rung_ranks_last_there() -> None:
    curves = {0: [0.3] * 9, 1: [0.2, math.nan], 2: [0.1, 0.1, 0.5]}

    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        yield from curves[trial.id or 0]

    scheduler = hpo.ASHA(1, 9, kind="stopping")
    study = hpo.search(train, {"x": hpo.Float(0, 1)}, scheduler=scheduler, num_trials=3, seed=0)
    assert study.trials[2].reason == "rank 2 of 3 at epoch 3; one of 3 goes on"
