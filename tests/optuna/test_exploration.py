"""The space of an unchanged Optuna objective, found by calling it."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import pytest

import hpo
from hpo.integrations.optuna import as_objective, exploration, space_of
from hpo.integrations.optuna.objectives import OptunaObjective

SEEDS = range(20)


def layered(trial: Any) -> float:
    """A loop over layers, as in Optuna's tutorials."""
    return float(
        sum(trial.suggest_int(f"width{i}", 4, 128) for i in range(trial.suggest_int("layers", 1, 3)))
    )


def moving(trial: Any) -> float:
    return float(trial.suggest_int("kept", 1, trial.suggest_int("heads", 1, 8)))


def flat(trial: Any) -> float:
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    return len(kind) * float(trial.suggest_float("x", 0, 1)) + float(trial.suggest_int("depth", 2, 64))


def mixed(trial: Any) -> float:
    """The widths exist where two parameters say so together."""
    layers = trial.suggest_int("layers", 1, 3)
    if trial.suggest_categorical("kind", ["svm", "network"]) == "svm":
        return float(trial.suggest_float("c", 0, 1))
    return float(sum(trial.suggest_int(f"width{i}", 4, 128) for i in range(layers)))


def hidden(trial: Any) -> float:
    """A parameter that has many values decides, beside others that could by chance."""
    x = trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("a", ["u", "v"])
    trial.suggest_int("n", 1, 4)
    return float(trial.suggest_float("y", 0, 1)) if x > 0.5 else 0.0


class Counted:
    """An objective that counts its calls, and notes what had been logged before the first one."""

    def __init__(self, objective: OptunaObjective, log: pytest.LogCaptureFixture | None = None) -> None:
        self.calls = 0
        self.logged_before: list[str] = []
        self._objective, self._log = objective, log

    def __call__(self, trial: Any) -> Any:
        if self._log is not None and not self.calls:
            self.logged_before = list(self._log.messages)
        self.calls += 1
        return self._objective(trial)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("objective", [layered, mixed])
def test_every_trial_finds_what_it_asks_for(objective: OptunaObjective, seed: int) -> None:
    space = space_of(objective, seed=seed)
    study = hpo.search(as_objective(objective), space, num_trials=30, seed=seed)
    assert study.num_completed == 30


@pytest.mark.parametrize("seed", SEEDS)
def test_the_number_of_layers_says_which_widths_there_are(seed: int) -> None:
    width = hpo.Int(4, 128)
    assert dict(space_of(layered, seed=seed)) == {
        "layers": hpo.Int(1, 3),
        "width0": width,
        "width1": width.when("layers", ge=2),
        "width2": width.when("layers", ge=3),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_two_parameters_may_decide_together(seed: int) -> None:
    width = space_of(mixed, seed=seed)["width2"]
    assert width == hpo.Int(4, 128).when("kind", in_=["network"]).when("layers", ge=3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_range_that_moves_is_refused_with_both_ranges(seed: int) -> None:
    with pytest.raises(
        hpo.errors.SpaceError,
        match=r"range of 'kept' moves: .* IntDistribution\(.*\) and from IntDistribution\(.*one fixed range",
    ):
        space_of(moving, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_no_condition_explains_is_refused_with_what_was_seen(seed: int) -> None:
    with pytest.raises(
        hpo.errors.SpaceError,
        match=r"'y' was suggested in \d+ of \d+ calls, and which parameter decides is not known.*sampler=Hpo",
    ):
        space_of(hidden, seed=seed)


@pytest.mark.parametrize("objective", [layered, mixed, hidden, flat])
@pytest.mark.parametrize("limit", [1, 5, 11])
def test_nothing_is_called_more_often_than_allowed(objective: OptunaObjective, limit: int) -> None:
    counted = Counted(objective)
    with suppress(hpo.errors.SpaceError):
        space_of(counted, max_calls=limit)
    assert 0 < counted.calls <= limit


def test_the_calls_end_when_they_show_nothing_new() -> None:
    counted = Counted(flat)
    space_of(counted)
    assert counted.calls == 9


def test_options_that_were_not_tried_are_refused() -> None:
    with pytest.raises(hpo.errors.SpaceError, match="max_calls=2 left 1 of the 3 values of 'kind' untried"):
        space_of(flat, max_calls=2)


def test_what_needs_more_calls_says_so() -> None:
    with pytest.raises(
        hpo.errors.SpaceError,
        match=r"too few to say what decides on 'width\d'.* allow more than max_calls=5\.",
    ):
        space_of(layered, max_calls=5)


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, None])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match=f"max_calls must be an integer of at least 1; received {limit}"):
        space_of(flat, max_calls=limit)


def test_how_many_calls_there_may_be_is_said_before_the_first(caplog: pytest.LogCaptureFixture) -> None:
    counted = Counted(flat, caplog)
    with caplog.at_level(logging.WARNING):
        space_of(counted, max_calls=20)
    assert counted.logged_before[0].startswith(
        "space_of calls the objective up to 20 times to learn its space"
    )


def test_the_first_call_tells_the_price_of_the_others(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 104.5])
    monkeypatch.setattr(exploration, "perf_counter", lambda: next(times))
    space_of(flat, max_calls=21)
    assert caplog.messages[1:] == ["The first call took 4.5 seconds: up to 20 more may take 90 seconds."]


def test_a_failure_hides_nothing() -> None:
    def fragile(trial: Any) -> float:
        if trial.suggest_float("x", 0, 1) > 0.5:
            raise ValueError("too large")
        return float(trial.suggest_float("y", 0, 1))

    assert dict(space_of(fragile)) == {"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}


def test_an_objective_that_always_fails_is_refused_with_its_error() -> None:
    def broken(trial: Any) -> float:
        trial.suggest_float("x", 0, 1)
        raise FileNotFoundError("train.csv")

    with pytest.raises(
        hpo.errors.SpaceError, match=r"failed in each of 8 calls.*FileNotFoundError: train\.csv\. Mend it"
    ):
        space_of(broken)


def test_one_that_asks_for_nothing_has_no_space() -> None:
    with pytest.raises(hpo.errors.SpaceError, match="No call asked for a parameter"):
        space_of(lambda trial: 1.0)
