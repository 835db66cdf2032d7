"""Where trials run: what `workers=` and `executor=` take, and which executor comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import hpo
from hpo.executors import Executor, ExecutorPlan, OnProgress, SerialExecutor
from hpo.executors.placement import Placement
from hpo.executors.plans import InProcess
from hpo.executors.workers import plan_for
from hpo.objective.function import Objective

SPACE = {"x": hpo.Float(0, 1)}


def square(config: Mapping[str, Any]) -> float:
    return float(config["x"] ** 2)


class Bare:
    """A plan of another class, with nothing but what it has to have."""

    def __init__(self) -> None:
        self.num_started = 0

    def start(
        self, objective: Objective, placement: Placement, on_progress: OnProgress, folder: Any
    ) -> Executor:
        self.num_started += 1
        return SerialExecutor(objective, placement, on_progress, folder)


@pytest.mark.parametrize("argument", ["workers", "executor"])
def test_a_plan_of_another_class_needs_a_start_alone(argument: str) -> None:
    plan: Any = Bare()
    study = hpo.search(square, SPACE, num_trials=3, seed=0, **{argument: plan})
    assert (plan.num_started, plan.count, plan.max_retries) == (1, 1, 2)
    assert study == hpo.search(square, SPACE, num_trials=3, seed=0)


def test_workers_take_a_simulated_executor() -> None:
    study = hpo.search(
        square, SPACE, num_trials=4, seed=0, minimize="value", workers=hpo.SimulatedExecutor(4)
    )
    assert study.num_completed == 4


def test_one_worker_is_this_process_and_a_plan_of_one_is_not() -> None:
    assert plan_for(1) == InProcess()
    assert plan_for(2) == hpo.Workers(2)
    assert plan_for(hpo.Workers(1)) == hpo.Workers(1)


def test_a_plan_makes_its_executor_by_itself() -> None:
    plan: ExecutorPlan = hpo.Workers(2)
    objective, placement = Objective(square), Placement(0, None)
    executor = plan.start(objective, placement, lambda progress: hpo.schedulers.CONTINUE, None)
    assert executor.capacity == 2
    executor.close()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"workers": 1.5}, r"workers is an integer of at least 1; received 1\.5"),
        ({"executor": 5}, r"A plan, such as hpo\.Workers\(2\), .*; received 5 of type int"),
    ],
)
def test_what_is_no_plan_is_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        hpo.search(square, SPACE, num_trials=1, **arguments)
