"""The book's tuner: its books are right, whatever the objective gives and however it is called."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hpo
import hpo.book
from hpo.book import BasicScheduler, HPOScheduler, HPOSearcher, HPOTuner, RandomSearcher
from hpo.training import HyperParameters, Scalar, add_to_class


class Listed(HPOScheduler):
    """Suggests the given values of x, and keeps what it is told."""

    def __init__(self, *values: float) -> None:
        self.values, self.told = list(values), list[tuple[dict[str, Any], float]]()

    def suggest(self) -> dict[str, Any]:
        return {"x": self.values.pop(0)}

    def update(self, config: dict[str, Any], error: float, info: Any = None) -> None:
        self.told.append((config, error))


def tuned(objective: Any, *values: float) -> HPOTuner:
    tuner = HPOTuner(scheduler=Listed(*values), objective=objective)
    tuner.run(number_of_trials=len(values))
    return tuner


def test_the_incumbent_is_the_best_config_so_far() -> None:
    tuner = tuned(lambda x: x**2, 3, -1, 2)
    assert (tuner.incumbent, tuner.incumbent_error) == ({"x": -1}, 1)
    assert tuner.incumbent_trajectory == [9, 1, 1]
    assert [(record["config"], record["error"]) for record in tuner.records] == [
        ({"x": 3}, 9),
        ({"x": -1}, 1),
        ({"x": 2}, 4),
    ]


def test_before_the_first_trial_the_books_are_empty() -> None:
    tuner = HPOTuner(Listed(), lambda x: x)
    assert (tuner.incumbent, tuner.incumbent_error, tuner.current_runtime) == (None, None, 0)
    assert (tuner.incumbent_trajectory, tuner.cumulative_runtime, tuner.records) == ([], [], [])


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_an_error_that_is_no_number_is_never_the_incumbent(broken: float) -> None:
    tuner = tuned(lambda x: broken if x == 0 else x, 0, 2, 0, 1)
    assert (tuner.incumbent, tuner.incumbent_error) == ({"x": 1}, 1)
    assert tuner.incumbent_trajectory == [math.inf, 2, 2, 1]
    assert str(tuner.records[0]["error"]) == str(broken)
    assert tuner.failures == {0: f"The error is {broken}.", 2: f"The error is {broken}."}


def test_a_scheduler_is_told_infinity_of_a_failed_trial_so_that_it_ranks_last() -> None:
    scheduler = Listed(0, 1)
    HPOTuner(scheduler, lambda x: math.nan if x == 0 else x).run(2)
    assert scheduler.told == [({"x": 0}, math.inf), ({"x": 1}, 1)]


def test_a_trial_that_raises_costs_that_trial_only() -> None:
    tuner = tuned(lambda x: 1 / x, 0, 2)
    assert tuner.incumbent == {"x": 2}
    assert math.isnan(tuner.records[0]["error"])
    assert tuner.failures[0].startswith("ZeroDivisionError: ")


def test_when_every_trial_failed_the_first_reason_is_said() -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"All 2 trials failed\. The first: ZeroDivisionError"
    ):
        tuned(lambda x: 1 / x, 0, 0)


def test_an_interruption_keeps_what_was_finished_and_run_goes_on() -> None:
    def objective(x: float) -> float:
        if x == 1:
            raise KeyboardInterrupt
        return x

    tuner = HPOTuner(Listed(2, 1, 3), objective)
    with pytest.raises(KeyboardInterrupt):
        tuner.run(3)
    tuner.run(1)
    assert [record["config"]["x"] for record in tuner.records] == [2, 3]


@pytest.mark.parametrize("number", [0.5, np.float32(0.5), np.array(0.5), np.array([0.5]), Scalar(0.5)])
def test_an_error_may_be_any_kind_of_number(number: Any) -> None:
    error = tuned(lambda x: number, 1).incumbent_error
    assert type(error) is float
    assert error == 0.5


def with_keywords(x: float, max_epochs: int = 10) -> float:
    return x * max_epochs


def with_any_keywords(**config: float) -> float:
    return config["x"] * 10


def with_the_config(config: dict[str, Any], max_epochs: int = 10) -> float:
    return float(config["x"]) * max_epochs


def with_the_config_and_the_trial(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
    return float(config["x"]) * 10 + trial.seed


def with_reports(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    yield {"val_error": 99.0}
    yield {"val_error": config["x"] * 10}


@pytest.mark.parametrize(
    "objective",
    [with_keywords, with_any_keywords, with_the_config, with_the_config_and_the_trial, with_reports],
)
def test_objectives_take_keywords_or_the_config(objective: Any) -> None:
    assert tuned(objective, 3).incumbent_error == 30


@pytest.mark.parametrize("objective", [with_keywords, with_the_config])
def test_the_number_of_epochs_that_a_scheduler_adds_arrives(objective: Any) -> None:
    class Short(Listed):
        def suggest(self) -> dict[str, Any]:
            return {**super().suggest(), "max_epochs": 2}

    tuner = HPOTuner(Short(3), objective)
    tuner.run(1)
    assert tuner.incumbent_error == 6


def test_keywords_that_the_objective_does_not_know_are_named() -> None:
    class Two(Listed):
        def suggest(self) -> dict[str, Any]:
            return {"x": 1, "units": 3}

    with pytest.raises(hpo.errors.SearchFailedError, match="unexpected keyword argument 'units'"):
        HPOTuner(Two(), with_keywords).run(1)


def test_several_metrics_are_refused() -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"several metrics \(loss, error\) where .* one number"
    ):
        tuned(lambda config: {"loss": 1, "error": 2}, 1)


def test_an_objective_that_changes_its_config_changes_no_record() -> None:
    def objective(config: dict[str, Any]) -> float:
        return float(config.pop("x"))

    tuner = tuned(objective, 2)
    assert tuner.records[0]["config"] == tuner.incumbent == {"x": 2}


def test_changing_a_record_changes_no_incumbent() -> None:
    tuner = tuned(lambda x: x, 2)
    tuner.records[0]["config"]["x"] = 5
    assert tuner.incumbent == {"x": 2}


def clock(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    monkeypatch.setattr(hpo.book, "perf_counter", iter(times).__next__)


def test_runtimes_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 100, 103, 110, 111, 200, 205)
    tuner = HPOTuner(Listed(1, 2, 3), lambda x: x)
    tuner.run(2)
    tuner.run(1)
    assert [record["runtime"] for record in tuner.records] == [3, 1, 5]
    assert tuner.cumulative_runtime == [3, 4, 9]
    assert tuner.current_runtime == 9


def test_the_time_of_a_failed_trial_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0, 4, 4, 6)
    assert tuned(lambda x: 1 / x, 0, 1).cumulative_runtime == [4, 6]


def test_deciding_what_to_try_is_part_of_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(hpo.book, "perf_counter", lambda: now[0])

    class Slow(Listed):
        def suggest(self) -> dict[str, Any]:
            now[0] += 2
            return super().suggest()

        def update(self, config: dict[str, Any], error: float, info: Any = None) -> None:
            now[0] += 1

    tuner = HPOTuner(Slow(1), lambda x: x)
    tuner.run(1)
    assert tuner.cumulative_runtime == [3]


def test_a_trial_whose_update_fails_is_in_the_books() -> None:
    class Broken(Listed):
        def update(self, config: dict[str, Any], error: float, info: Any = None) -> None:
            raise KeyError("rung")

    tuner = HPOTuner(Broken(1), lambda x: x)
    with pytest.raises(KeyError, match="rung"):
        tuner.run(1)
    assert (tuner.incumbent, len(tuner.cumulative_runtime)) == ({"x": 1}, 1)


def test_it_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    tuned(lambda x: 1 / x, 4, 0)
    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == ["trial 0: {'x': 4}", "    error 0.25", "trial 1: {'x': 0}"]
    assert "ZeroDivisionError" in printed[3]


def test_a_reader_s_own_searcher_learns_from_what_it_tried() -> None:
    class Halving(HPOSearcher):
        def __init__(self, start: float) -> None:
            self.save_hyperparameters()
            self.history: list[tuple[float, float]] = []

        def sample_configuration(self) -> dict[str, Any]:
            return {"x": self.start if not self.history else self.history[-1][0] / 2}

        def update(self, config: dict[str, Any], error: float, additional_info: Any = None) -> None:
            self.history.append((config["x"], error))

        start: float

    tuner = HPOTuner(BasicScheduler(Halving(8)), lambda x: abs(x - 1))
    tuner.run(4)
    assert [record["config"]["x"] for record in tuner.records] == [8, 4, 2, 1]
    assert tuner.incumbent_error == 0


def test_a_scheduler_that_derives_from_nothing_of_ours_works() -> None:
    class Plain(HyperParameters):
        def __init__(self, searcher: HPOSearcher) -> None:
            self.save_hyperparameters()

        def suggest(self) -> Any:
            return self.searcher.sample_configuration()

        def update(self, config: Any, error: float, info: Any = None) -> None:
            self.searcher.update(config, error, additional_info=info)

        searcher: HPOSearcher

    scheduler: Any = Plain(RandomSearcher({"x": hpo.Float(0, 1)}, {"x": 0.5}))
    tuner = HPOTuner(scheduler, lambda config: config["x"])
    tuner.run(2)
    assert tuner.records[0]["config"] == {"x": 0.5}


def test_bookkeeping_replaced_in_a_later_cell_is_used() -> None:
    class Mine(HPOTuner):
        pass

    @add_to_class(Mine)
    def bookkeeping(self: Any, config: dict[str, Any], error: float, runtime: float) -> None:
        self.records.append(error)

    tuner: Any = Mine(Listed(1, 2), lambda x: x)
    tuner.run(2)
    assert tuner.records == [1, 2]
    assert tuner.incumbent is None


def test_a_scheduler_that_suggests_no_config_is_told_so() -> None:
    class Empty(Listed):
        def suggest(self) -> Any:
            return None

    with pytest.raises(TypeError, match=r"a dict of names and values; Empty returned None"):
        HPOTuner(Empty(), lambda x: x).run(1)


def test_an_objective_that_is_none_is_refused() -> None:
    objective: Any = 0.5
    with pytest.raises(TypeError, match=r"a function that gives the error of a config; received 0\.5"):
        HPOTuner(Listed(), objective)


def test_every_trial_sees_the_same_seed() -> None:
    seeds: list[int] = []

    def objective(config: dict[str, Any]) -> float:
        seeds.append(hpo.current_trial().seed)
        return 0.0

    HPOTuner(Listed(1, 2), objective, seed=4).run(2)
    assert seeds == [4, 4]
