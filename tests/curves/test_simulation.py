"""Searches on a virtual clock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.executors import Assignment, Ending, Executor, ExecutorPlan, OnProgress, Outcome
from hpo.executors.evaluation import Evaluation
from hpo.executors.files import NoFiles
from hpo.executors.placement import Placement
from hpo.objective.function import Objective

SPACE = {"x": hpo.Float(0, 1), "speed": hpo.Int(1, 5)}


def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
    for epoch in trial.epochs(9):
        yield {"error": config["x"] + config["speed"] / epoch, "seconds": float(config["speed"])}


def simulated(workers: int, scheduler: Any = "fifo", num_trials: int = 20, **options: Any) -> hpo.Study:
    return hpo.search(
        options.pop("objective", curve),
        SPACE,
        minimize="error",
        scheduler=scheduler,
        num_trials=num_trials,
        seed=0,
        executor=hpo.SimulatedExecutor(workers),
        **options,
    )


SCHEDULERS = [
    hpo.ASHA(1, 9),
    hpo.ASHA(1, 9, kind="stopping"),
    hpo.SuccessiveHalving(1, 9),
    hpo.Hyperband(1, 9),
    hpo.MedianStopping(9),
    hpo.schedulers.FIFO(),
]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_one_simulated_worker_does_what_one_process_does(scheduler: hpo.schedulers.Scheduler) -> None:
    real = hpo.search(curve, SPACE, minimize="error", scheduler=scheduler, num_trials=20, seed=0)
    assert simulated(1, scheduler) == real


class InOrder(ExecutorPlan):
    """Really runs several trials, which report in an order that was laid down.

    Args:
        order: the trials' ids, report by report.
    """

    capacity = 3

    def __init__(self, order: list[int]) -> None:
        self.order = list(order)
        self._evaluations: dict[int, Evaluation] = {}

    def start(
        self, objective: Objective, placement: Placement, on_progress: OnProgress, folder: Any
    ) -> Executor:
        self._parts = objective, placement, on_progress
        return self

    def submit(self, assignment: Assignment) -> None:
        if assignment.trial in self._evaluations:
            self._evaluations[assignment.trial].go_on(assignment)
        else:
            objective, placement, on_progress = self._parts
            self._evaluations[assignment.trial] = Evaluation(
                objective, assignment, placement, on_progress, NoFiles()
            )

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        while self.order:
            outcome = self._evaluations[self.order.pop(0)].step()
            if outcome is not None:
                assert outcome.ending is Ending.LEFT
                return [outcome]
        raise AssertionError("there were more reports than in the simulation")

    def stop(self, trial: int) -> None:
        self._evaluations.pop(trial).close()

    def close(self) -> None: ...


@pytest.mark.parametrize("scheduler", SCHEDULERS[:4])
@pytest.mark.parametrize("searcher", ["random", "tpe"])
def test_decisions_are_those_of_a_real_run_with_the_same_order(
    scheduler: hpo.schedulers.Scheduler, searcher: str
) -> None:
    simulation = simulated(3, scheduler, searcher=searcher)
    order = [event.trial or 0 for event in simulation.events if event.kind is hpo.study.EventKind.REPORTED]
    real = hpo.search(
        curve,
        SPACE,
        minimize="error",
        scheduler=scheduler,
        searcher=searcher,
        num_trials=20,
        seed=0,
        executor=InOrder(order),
    )
    assert real == simulation


def test_time_passes_on_the_virtual_clock_alone() -> None:
    study = simulated(1)
    spent = sum(9 * trial.config["speed"] for trial in study.trials)
    assert study.events[-1].elapsed == spent
    assert study.trials[0].seconds == 9 * study.trials[0].config["speed"]
    assert study.incumbents().seconds[-1] == spent


def test_more_workers_take_less_time() -> None:
    one, four = (simulated(workers).events[-1].elapsed for workers in (1, 4))
    assert one / 4 <= four < one / 3
    assert simulated(200).events[-1].elapsed == 45.0  # the slowest trial


def test_reports_come_in_the_order_of_their_times() -> None:
    times = [event.elapsed for event in simulated(5, hpo.ASHA(1, 9)).events]
    assert times == sorted(times)


def test_an_epoch_takes_a_second_where_nobody_says_how_long_it_takes() -> None:
    def quick(config: dict[str, Any]) -> Iterator[float]:
        yield from (3.0, 2.0, 1.0)

    assert simulated(2, num_trials=4, objective=quick).events[-1].elapsed == 6.0


def test_a_timeout_is_of_the_virtual_clock() -> None:
    study = simulated(1, num_trials=20, timeout=60)
    assert 0 < len(study.trials) < 20
    assert ("stop", "its 60 seconds are over") in study.notes


def test_a_plain_function_pays_for_its_epochs_again() -> None:
    def train(config: dict[str, Any], max_epochs: int = 9) -> float:
        return float(config["x"] + 1 / max_epochs)

    study = simulated(1, hpo.SuccessiveHalving(1, 9), num_trials=9, objective=train)
    assert study.events[-1].elapsed == 9 * 1 + 3 * 3 + 9


def test_a_function_that_reports_from_inside_can_be_stopped() -> None:
    def train(config: dict[str, Any]) -> None:
        for epoch in range(1, 10):
            hpo.report({"error": config["x"] + 1 / epoch})

    study = simulated(3, hpo.ASHA(1, 9, kind="stopping"), objective=train)
    assert study == hpo.search(
        train,
        SPACE,
        minimize="error",
        scheduler=hpo.ASHA(1, 9, kind="stopping"),
        num_trials=20,
        seed=0,
        executor=hpo.SimulatedExecutor(3),
    )
    assert {len(trial.reports) for trial in study.trials} >= {1, 9}


def test_failures_are_those_of_a_real_search() -> None:
    def breaks(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        yield {"error": 1.0}
        if config["speed"] == 1:
            raise ValueError("too slow")
        yield {"error": math.nan if config["speed"] == 2 else 0.5}

    real = hpo.search(breaks, SPACE, minimize="error", num_trials=20, seed=0)
    study = simulated(1, objective=breaks)
    assert study.num_failed == real.num_failed > 0
    assert [trial.reason for trial in study.trials] == [trial.reason for trial in real.trials]


def test_replicates_are_means_here_too() -> None:
    def noisy(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
        for epoch in trial.epochs():
            yield {"error": config["x"] + trial.replicate / epoch}

    study = simulated(2, hpo.ASHA(1, 9), objective=noisy, replicates=2)
    first = study.trials[0]
    assert first.reports[0].metrics["error"] == pytest.approx(first.config["x"] + 0.5)


def test_a_simulation_and_workers_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="executor= says where the trials run, and how many at a time"):
        hpo.Tuner(curve, SPACE, num_trials=1, workers=2, executor=hpo.SimulatedExecutor(2))
    with pytest.raises(ValueError, match=r"SimulatedExecutor.workers. is an integer of at least 1"):
        hpo.SimulatedExecutor(0)
