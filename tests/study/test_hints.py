"""Hints say what a user can do, and say nothing where there is nothing to say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.study.hints import find_hints, training_metric_hints

RATE = {"rate": hpo.Float(1e-4, 1, log=True)}


def hints_of(
    objective: Callable[[dict[str, Any]], Any], space: Any, num_trials: int, seed: int = 0
) -> dict[str, str]:
    study = hpo.search(objective, space, num_trials=num_trials, seed=seed)
    return {hint.kind: hint.text for hint in study.hints}


def test_a_best_value_at_the_upper_bound_asks_for_a_wider_range() -> None:
    text = hints_of(lambda config: -config["rate"], RATE, 40)["bound"]
    assert "rate" in text
    assert "at the upper bound of its range (1)" in text
    assert text.endswith("widen the range beyond 1, if it can be.")


def test_a_best_value_at_the_lower_bound_asks_for_a_wider_range() -> None:
    assert "lower bound of its range (16)" in hints_of(lambda c: c["n"], {"n": hpo.Int(16, 32)}, 40)["bound"]


def test_a_metric_to_maximise_presses_against_the_other_bound() -> None:
    study = hpo.search(lambda config: config["rate"], RATE, maximize="accuracy", num_trials=40, seed=0)
    assert "upper bound" in study.hints[0].text


def test_a_half_that_was_never_good_asks_for_a_narrower_range() -> None:
    text = hints_of(lambda c: (c["x"] - 0.8) ** 2, {"x": hpo.Float(0, 1)}, 40)["narrow"]
    assert "trials with x in the lower half of its range (0 to 0.5)" in text
    assert text.endswith("narrow the range to above 0.5.")


def test_a_half_where_everything_failed_was_never_good() -> None:
    text = hints_of(lambda c: np.nan if c["x"] > 0.5 else 1, {"x": hpo.Float(0, 1)}, 40)["narrow"]
    assert "upper half of its range (0.5 to 1)" in text


@pytest.mark.parametrize("num_trials", [1, 3, 7])
def test_few_trials_say_nothing_of_the_space(num_trials: int) -> None:
    assert hints_of(lambda config: -config["rate"], RATE, num_trials) == {}


def test_an_optimum_in_the_middle_says_nothing() -> None:
    assert hints_of(lambda c: (c["x"] - 0.5) ** 2, {"x": hpo.Float(0, 1)}, 40) == {}


@pytest.mark.parametrize("domain", [hpo.Choice(["a", "b"]), hpo.Constant(3), hpo.Int(1, 2)])
def test_what_has_no_range_to_widen_is_never_at_a_bound(domain: Any) -> None:
    assert "bound" not in hints_of(lambda config: 1 if config["x"] in ("a", 1, 3) else 2, {"x": domain}, 40)


@pytest.mark.parametrize("num_trials", [10, 30, 100])
def test_noise_rarely_gives_a_hint(num_trials: int) -> None:
    space = {name: hpo.Float(0, 1) for name in "abcdefgh"}
    noise = np.random.default_rng(0)
    alarms = sum(bool(hints_of(lambda config: noise.random(), space, num_trials, seed)) for seed in range(60))
    assert alarms <= 6


@pytest.mark.parametrize(
    "name", ["train_loss", "training_error", "TrainAccuracy", "loss/train", "avg_train_loss"]
)
def test_a_metric_of_the_training_examples_is_pointed_out(name: str) -> None:
    [hint] = training_metric_hints(hpo.study.Metric(name))
    assert hint.kind == "training_metric"
    assert repr(name) in hint.text
    assert "Minimize one of the validation examples" in hint.text


@pytest.mark.parametrize("name", ["val_error", "value", "constraint", "strain"])
def test_other_metrics_are_left_alone(name: str) -> None:
    assert find_hints(hpo.Space(RATE), hpo.study.Metric(name), []) == ()


def test_hints_are_printed_with_the_study() -> None:
    study = hpo.search(lambda config: {"train_loss": 1}, RATE, num_trials=1, seed=0)
    assert "Hint: 'train_loss' looks like a metric of the training examples" in str(study)
