"""`hpo.search` as a user sees it."""

import math
import re
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.study.trial import Report

SPACE = {"x": hpo.Float(0, 1)}


def distance(config: dict[str, Any]) -> float:
    return abs(float(config["x"]) - 0.3)


def test_the_best_trial_has_the_smallest_value() -> None:
    study = hpo.search(distance, SPACE, num_trials=20, seed=0)
    assert study.best.value == min(distance(trial.config) for trial in study.trials)
    assert distance(study.best.config) == study.best.value


def test_maximize_makes_the_largest_value_the_best() -> None:
    study = hpo.search(distance, SPACE, maximize="distance", num_trials=20, seed=0)
    assert study.best.value == max(distance(trial.config) for trial in study.trials)
    assert study.metrics == (hpo.study.Metric("distance", hpo.study.Direction.MAXIMIZE),)


def test_the_same_seed_gives_the_same_study() -> None:
    first, second = (hpo.search(distance, SPACE, num_trials=5, seed=3) for _ in range(2))
    assert first == second
    assert first != hpo.search(distance, SPACE, num_trials=5, seed=4)


def test_a_drawn_seed_is_recorded() -> None:
    study = hpo.search(distance, SPACE, num_trials=3)
    assert study == hpo.search(distance, SPACE, num_trials=3, seed=study.seed)


def test_an_unnamed_number_is_called_value() -> None:
    study = hpo.search(distance, SPACE, num_trials=1, seed=0)
    assert study.metrics == (hpo.study.Metric("value"),)
    assert study.best.metrics == {"value": study.best.value}


def test_a_dict_of_one_metric_names_it() -> None:
    study = hpo.search(lambda config: {"loss": 1}, SPACE, num_trials=1, seed=0)
    assert study.metrics == (hpo.study.Metric("loss"),)


def test_a_dict_of_several_metrics_needs_a_name() -> None:
    with pytest.raises(hpo.errors.ObjectiveError, match=r"several metrics \(loss, error\).*minimize='loss'"):
        hpo.search(lambda config: {"loss": 1, "error": 2}, SPACE, num_trials=3, seed=0)


def test_a_report_of_several_metrics_needs_a_name_even_if_the_objective_swallows_errors() -> None:
    def train(config: dict[str, Any]) -> float:
        try:
            hpo.report({"loss": 1, "error": 2})
        except Exception:
            return 0.0
        return 1.0

    with pytest.raises(hpo.errors.ObjectiveError, match="several metrics"):
        hpo.search(train, SPACE, num_trials=3, seed=0)


def test_all_metrics_of_the_dict_are_kept() -> None:
    study = hpo.search(lambda c: {"loss": 1, "error": 2}, SPACE, minimize="error", num_trials=1, seed=0)
    assert study.best.value == 2
    assert study.best.metrics == {"loss": 1, "error": 2}


def test_a_generator_reports_each_epoch_and_its_last_one_counts() -> None:
    def train(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        for error in (0.1, 0.5, 0.3):
            yield {"error": error, "train_loss": math.inf}

    [trial] = hpo.search(train, SPACE, minimize="error", num_trials=1, seed=0).trials
    assert trial.value == 0.3
    assert trial.reports[0] == Report(1, {"error": 0.1, "train_loss": math.inf})
    assert [report.epoch for report in trial.reports] == [1, 2, 3]


def test_what_a_generator_returns_is_its_result() -> None:
    def train(config: dict[str, Any]) -> Generator[float, None, float]:
        yield 0.5
        return 0.25

    [trial] = hpo.search(train, SPACE, num_trials=1, seed=0).trials
    assert (trial.value, trial.reports[-1].metrics) == (0.25, {"value": 0.5})


def test_an_early_result_does_not_beat_a_later_one_of_the_same_trial() -> None:
    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        yield from ((0.0, 0.9) if trial.id == 0 else (0.5, 0.5))

    assert hpo.search(train, SPACE, num_trials=2, seed=0).best.id == 1


def test_a_plain_function_reports_while_it_runs() -> None:
    seen = []

    def train(config: dict[str, Any]) -> None:
        for error in (0.5, 0.25):
            hpo.report(error)
            seen.append(len(events))

    events: list[hpo.study.Event] = []
    study = hpo.search(train, SPACE, num_trials=1, seed=0, callbacks=[lambda e, s: events.append(e)])
    assert study.best.value == 0.25
    assert seen[1] == seen[0] + 1


def test_a_generator_may_report_and_yield_nothing() -> None:
    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[None]:
        trial.report(0.5, epoch=2)
        yield
        trial.report({"value": 0.25, "epoch": 5})
        yield

    [trial] = hpo.search(train, SPACE, num_trials=1, seed=0).trials
    assert [report.epoch for report in trial.reports] == [2, 5]
    assert trial.value == 0.25


def test_an_objective_that_changes_its_config_changes_nothing_else() -> None:
    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
        config["x"] = "changed"
        return float(trial.config["x"])

    [trial] = hpo.search(train, SPACE, num_trials=1, seed=0).trials
    assert trial.config["x"] == trial.value


def failing(config: dict[str, Any]) -> float:
    raise ZeroDivisionError("no\nway")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("0.5", r"No result: it gave '0.5' of type str, where a number"),
        (None, r"No result: it gave None without a report"),
        (math.nan, r"No result: value is nan\."),
        (-math.inf, r"No result: value is -inf\."),
        (
            {"loss": 1},
            "it gave no 'value', which is what the study optimises, but loss; name one of these",
        ),
        (iter([0.5, math.nan, 0.1]), r"No result: value is nan at epoch 2\."),
        (iter([]), "its generator ended without yielding anything"),
        (iter([None]), "None without a report"),
        (
            iter([{"value": 1, "epoch": 2}, {"value": 1, "epoch": 2}]),
            "epoch 2 after epoch 2; epochs increase",
        ),
    ],
)
def test_what_is_no_result_fails_its_trial_alone(result: Any, reason: str) -> None:
    results = iter([result, 0.5])
    study = hpo.search(
        lambda config: next(results), SPACE, minimize="value", num_trials=2, seed=0, give_up_after=None
    )
    assert study.trials[0].state is hpo.study.TrialState.FAILED
    assert re.search(reason, study.trials[0].reason or "")
    assert study.trials[0].value is None
    assert study.best.id == 1


def test_a_report_of_nan_stops_the_generator_and_is_kept() -> None:
    closed = []

    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        try:
            yield 0.5
            yield math.nan if trial.id == 0 else 0.5
            yield 0.5
        finally:
            closed.append(trial.id)

    study = hpo.search(train, SPACE, num_trials=2, seed=0)
    assert [len(trial.reports) for trial in study.trials] == [2, 3]
    assert math.isnan(study.trials[0].reports[1].metrics["value"])
    assert closed == [0, 1]


def test_an_exception_fails_its_trial_with_type_message_and_place() -> None:
    study = hpo.search(lambda c: failing(c) if c["x"] > 0.5 else 1, SPACE, num_trials=9, seed=0)
    failed = next(trial for trial in study.trials if trial.state is hpo.study.TrialState.FAILED)
    line = failing.__code__.co_firstlineno + 1
    assert failed.reason == f"ZeroDivisionError: no way (test_search.py:{line})"
    assert "raise ZeroDivisionError" in (failed.traceback or "")
    assert "evaluation.py" not in (failed.traceback or "")


def test_the_place_of_an_exception_is_in_the_users_code() -> None:
    def train(config: dict[str, Any]) -> Any:
        return np.zeros(3).astype("nonsense")

    with pytest.raises(hpo.errors.SearchFailedError, match=r"TypeError: .* \(test_search.py:\d+\)"):
        hpo.search(train, SPACE, num_trials=1, seed=0)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("epochs", r"KeyError: 'epochs' \(test_search.py:\d+\); the config has 'rate'"),
        ("rat", r"KeyError: 'rat' .*; the config has 'rate'\. Did you mean 'rate'\?"),
    ],
)
def test_a_hyperparameter_that_is_not_there_is_told_beside_those_that_are(asked: str, told: str) -> None:
    with pytest.raises(hpo.errors.SearchFailedError) as failed:
        hpo.search(lambda config: config[asked], {"rate": hpo.Float(0, 1)}, num_trials=1, seed=0)
    assert re.fullmatch(told, failed.value.study.trials[0].reason or "")


def test_a_swallowed_refusal_of_a_report_still_fails_the_trial() -> None:
    def train(config: dict[str, Any]) -> float:
        try:
            hpo.report("a string")
        except Exception:
            return 0.5
        return 0.6

    with pytest.raises(hpo.errors.SearchFailedError, match="it gave 'a string' of type str"):
        hpo.search(train, SPACE, num_trials=1, seed=0)


def test_when_all_trials_fail_the_error_has_the_count_the_first_reason_and_the_study() -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"All 3 trials failed. The first \(trial 0.*ZeroDivision"
    ) as caught:
        hpo.search(failing, SPACE, num_trials=3, seed=0)
    assert caught.value.study.num_failed == 3


def test_a_single_trial_that_fails_is_the_only_one() -> None:
    with pytest.raises(hpo.errors.SearchFailedError, match=r"^The only trial failed \(trial 0, config "):
        hpo.search(failing, SPACE, num_trials=1, seed=0, give_up_after=None)


def test_a_generator_whose_cleaning_up_fails_keeps_its_reason() -> None:
    def train(config: dict[str, Any]) -> Iterator[float]:
        try:
            yield math.nan
        finally:
            raise RuntimeError("cannot clean up")

    with pytest.raises(hpo.errors.SearchFailedError, match="value is nan at epoch 1"):
        hpo.search(train, SPACE, num_trials=1, seed=0)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"num_trials": 0}, ValueError, "num_trials is an integer of at least 1; received 0"),
        ({"num_trials": 2.0}, TypeError, "num_trials is an integer of at least 1; received 2.0"),
        ({"num_trials": True}, TypeError, "received True"),
        ({"minimize": "a", "maximize": "b"}, ValueError, "give minimize= or maximize=, not both"),
        ({"minimize": True}, TypeError, "minimize= takes the name of a metric.*received True"),
        ({"maximize": "epoch"}, ValueError, "other than 'epoch'"),
        ({"searcher": "randm"}, ValueError, "There is no searcher 'randm'. Known are: .*'random'"),
        ({"searcher": hpo.RandomSearch}, TypeError, r"make one: RandomSearch\(\)"),
        ({"searcher": 3}, TypeError, r"an object with ask\(study, n\); received 3"),
        ({"seed": -1}, ValueError, "at least 0; received -1"),
        ({"space": {}}, ValueError, "The space is empty"),
        ({"objective": None}, TypeError, "The objective is a function"),
        ({"backend": "theano"}, ValueError, "'theano', which is not registered"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_runs(
    arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    given: dict[str, Any] = {"objective": distance, "space": SPACE, "num_trials": 3, **arguments}
    with pytest.raises(error, match=text):
        hpo.search(**given)
