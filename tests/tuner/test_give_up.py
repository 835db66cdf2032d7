"""Mistakes that no trial can survive end the search, and those of a config cost its trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.objective.failure import FailureKind
from hpo.study.trial import TrialState

SPACE = {"x": hpo.Float(0, 1)}


def value(config: dict[str, Any]) -> float:
    return float(config["x"])


def nothing(config: dict[str, Any]) -> None:
    return None


def pair(config: dict[str, Any]) -> Any:
    return (1.0, 2.0)


def other_metric(config: dict[str, Any]) -> dict[str, float]:
    return {"accuracy": 1.0}


def reports_other(config: dict[str, Any]) -> None:
    hpo.report({"accuracy": 1.0})


def empty(config: dict[str, Any]) -> Iterator[float]:
    yield from ()


def wrong_key(config: dict[str, Any]) -> float:
    return float(config["learning_rate"])


def late_mistake(config: dict[str, Any]) -> Iterator[float]:
    yield 1.0
    raise TypeError("in the second epoch")


def leaves(config: dict[str, Any]) -> float:
    raise SystemExit("usage: train.py")


def ended(objective: Callable[..., Any], **options: Any) -> hpo.errors.SearchFailedError:
    arguments: dict[str, Any] = {"num_trials": 12, "seed": 0, "minimize": "loss"} | options
    with pytest.raises(hpo.errors.SearchFailedError) as raised:
        hpo.search(objective, SPACE, **arguments)
    return raised.value


@pytest.mark.parametrize("objective", [nothing, pair, other_metric, reports_other, empty])
@pytest.mark.parametrize("replicates", [1, 2])
def test_a_first_result_that_is_none_ends_the_search(objective: Any, replicates: int) -> None:
    error = ended(objective, replicates=replicates)
    assert len(error.study.trials) == 1
    assert "The search was ended: its first trial failed" in str(error)
    assert "No result: " in str(error)
    assert "give_up_after=None" in str(error)


@pytest.mark.parametrize("objective", [wrong_key, late_mistake, leaves])
@pytest.mark.parametrize("scheduler", ["fifo", hpo.ASHA(1, 9), hpo.MedianStopping()])
def test_so_do_equal_errors_of_the_first_trials(objective: Any, scheduler: Any) -> None:
    error = ended(objective, scheduler=scheduler)
    assert error.study.num_failed == 3
    assert "The search was ended: its first 3 trials failed in the same way" in str(error)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_how_many_is_the_user_s_choice(number: int) -> None:
    assert len(ended(wrong_key, give_up_after=number).study.trials) == number


@pytest.mark.parametrize("objective", [nothing, wrong_key])
def test_one_who_insists_tries_every_trial(objective: Any) -> None:
    error = ended(objective, give_up_after=None)
    assert len(error.study.trials) == 12
    assert "All 12 trials failed." in str(error)


def test_with_workers_the_search_ends_as_soon() -> None:
    assert ended(wrong_key, workers=2).study.num_failed <= 4


def raising(error: BaseException) -> Callable[[dict[str, Any]], float]:
    def objective(config: dict[str, Any]) -> float:
        raise error

    return objective


@pytest.mark.parametrize(
    "objective",
    [
        raising(MemoryError("no room")),
        raising(ZeroDivisionError("by zero")),
        raising(FloatingPointError("underflow")),
        raising(OverflowError("too large")),
        raising(np.linalg.LinAlgError("singular")),
        lambda config: float("nan"),
        lambda config: float("inf"),
    ],
)
def test_what_a_config_may_cause_never_counts(objective: Any) -> None:
    assert len(ended(objective).study.trials) == 12


def test_neither_do_errors_of_different_lines_or_types() -> None:
    def varied(config: dict[str, Any]) -> float:
        if config["x"] < 0.3:
            raise ValueError("small")
        if config["x"] < 0.6:
            raise ValueError("middling")
        raise TypeError("large")

    assert len(ended(varied).study.trials) == 12


def test_after_a_first_success_each_failure_costs_its_trial() -> None:
    seen: list[int] = []

    def objective(config: dict[str, Any]) -> Any:
        seen.append(1)
        return 1.0 if len(seen) == 2 else None if len(seen) > 6 else wrong_key(config)

    study = hpo.search(objective, SPACE, num_trials=12, seed=0)
    assert (study.num_completed, study.num_failed) == (1, 11)


def test_a_resumption_runs_what_failed_again_and_counts_afresh(tmp_path: Path) -> None:
    options: dict[str, Any] = {"storage": tmp_path / "s.db"}
    ended(wrong_key, **options)
    again = ended(wrong_key, **options, resume=True)
    assert [trial.attempt for trial in again.study.trials] == [1, 1, 1]
    with pytest.warns(UserWarning, match="The objective of the study 'study' changed"):
        study = hpo.search(value, SPACE, num_trials=12, seed=0, minimize="loss", **options, resume=True)
    assert [trial.attempt for trial in study.trials] == [2] * 3 + [0] * 9
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETED}
    assert study.num_failed == 0
    assert hpo.load_study(tmp_path / "s.db") == study
    whole = hpo.search(value, SPACE, num_trials=12, seed=0, minimize="loss")
    assert [trial.config for trial in study.trials] == [trial.config for trial in whole.trials]
    assert study.best.value == whole.best.value


@pytest.mark.parametrize(
    "scheduler", ["fifo", hpo.ASHA(1, 4), hpo.SuccessiveHalving(1, 4), hpo.Hyperband(1, 4)]
)
def test_so_does_the_same_tuner(scheduler: Any) -> None:
    broken = True

    def objective(config: dict[str, Any]) -> Iterator[float]:
        for _ in range(4):
            yield wrong_key(config) if broken else float(config["x"])

    options: dict[str, Any] = {"scheduler": scheduler, "num_trials": 8, "seed": 1}
    tuner = hpo.Tuner(objective, SPACE, minimize="loss", **options)
    with pytest.raises(hpo.errors.SearchFailedError):
        tuner.run()
    broken = False
    study = tuner.run()
    assert len(study.trials) == 8
    assert study.num_failed == 0
    assert TrialState.RUNNING not in {trial.state for trial in study.trials}


def test_one_who_insisted_may_go_on_with_the_default(tmp_path: Path) -> None:
    ended(wrong_key, storage=tmp_path / "s.db", give_up_after=None, num_trials=5)
    with pytest.warns(UserWarning, match="changed"):
        study = hpo.search(
            value, SPACE, num_trials=8, seed=0, minimize="loss", storage=tmp_path / "s.db", resume=True
        )
    assert (study.num_failed, study.num_completed) == (5, 3)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "three", True])
def test_a_count_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="give_up_after is an integer of at least 1; received"):
        hpo.search(value, SPACE, num_trials=1, give_up_after=wrong)


def test_kinds_and_causes_are_in_the_log() -> None:
    error = ended(raising(MemoryError("no room")), num_trials=1)
    [failure] = [event.data for event in error.study.events if event.kind.value == "trial_failed"]
    assert failure["kind"] == FailureKind.MEMORY.value
    assert failure["reason"].startswith("Out of memory: MemoryError: no room")
    assert "cause" not in failure


def test_a_host_that_alone_fails_ends_its_own_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"storage": tmp_path / "s.db", "seed": 0, "minimize": "loss"}
    monkeypatch.setattr("socket.gethostname", lambda: "whole")
    hpo.search(value, SPACE, num_trials=2, **options)
    monkeypatch.setattr("socket.gethostname", lambda: "broken")
    with pytest.warns(UserWarning, match="changed"), pytest.raises(hpo.errors.SearchFailedError):
        hpo.search(wrong_key, SPACE, num_trials=20, **options, resume=True)
    assert hpo.load_study(tmp_path / "s.db").num_failed == 3
    monkeypatch.setattr("socket.gethostname", lambda: "whole")
    study = hpo.search(value, SPACE, num_trials=20, **options, resume=True)
    assert (study.num_completed, study.num_failed) == (20, 0)
