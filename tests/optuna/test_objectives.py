"""Unchanged objectives of Optuna's under our search."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

import hpo
from hpo.integrations.optuna import as_objective, space_of


def train(trial: Any) -> float:
    """As in Optuna's tutorials: conditions by `if`, a loop with reports, pruning."""
    kind = trial.suggest_categorical("kind", ["svm", "network"])
    if kind == "svm":
        return abs(float(trial.suggest_float("c", 1e-3, 1e3, log=True)) - 1)
    units = [trial.suggest_int(f"units{k}", 8, 64, step=8) for k in range(trial.suggest_int("layers", 1, 3))]
    rate = trial.suggest_float("rate", 0, 1, step=0.25)
    for step in range(4):
        trial.report(sum(units) / 10 + 10 / (step + 1), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(sum(units) / 10 + rate)


def test_its_space_is_found_with_conditions() -> None:
    # The order is that in which they were met.
    assert dict(space_of(train)) == {
        "kind": hpo.Choice(["svm", "network"]),
        "c": hpo.Float(1e-3, 1e3, log=True).when("kind", in_=["svm"]),
        "layers": hpo.Int(1, 3).when("kind", in_=["network"]),
        "units0": hpo.Ordinal(list(range(8, 72, 8))).when("kind", in_=["network"]),
        "units1": hpo.Ordinal(list(range(8, 72, 8))).when("layers", ge=2),
        "units2": hpo.Ordinal(list(range(8, 72, 8))).when("layers", ge=3),
        "rate": hpo.Ordinal([0.0, 0.25, 0.5, 0.75, 1.0]).when("kind", in_=["network"]),
    }


def test_it_runs_unchanged() -> None:
    study = hpo.search(as_objective(train), space_of(train), searcher="tpe", num_trials=30, seed=0)
    assert study.num_completed == 30
    assert study.best.value is not None
    assert study.best.value < 2
    networks = [trial for trial in study.trials if trial.config["kind"] == "network"]
    assert [report.epoch for report in networks[0].reports] == [1, 2, 3, 4]


def test_the_scheduler_prunes_it() -> None:
    class AfterTwo(hpo.schedulers.FIFO):
        def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
            reports = study.trials[trial].reports
            return (
                hpo.schedulers.Decision(hpo.schedulers.Verdict.STOP, "seen enough")
                if len(reports) == 2
                else hpo.schedulers.CONTINUE
            )

    space = {name: domain for name, domain in space_of(train).items() if name != "c"}
    space["kind"] = hpo.Choice(["network"])
    study = hpo.search(as_objective(train), space, scheduler=AfterTwo(), num_trials=3, seed=0)
    assert [(trial.state.value, len(trial.reports)) for trial in study.trials] == [("stopped", 2)] * 3


def test_one_that_prunes_by_itself_fails_its_trial() -> None:
    def picky(trial: Any) -> float:
        if trial.suggest_float("x", 0, 1) > 0.5:
            raise optuna.TrialPruned("too large")
        return 0.0

    study = hpo.search(as_objective(picky), space_of(picky), num_trials=20, seed=0)
    assert 0 < study.num_failed < 20
    failed = next(trial for trial in study.trials if trial.state.value == "failed")
    assert "TrialPruned" in str(failed.reason)


def test_a_step_that_comes_twice_is_reported_once() -> None:
    def twice(trial: Any) -> float:
        trial.report(trial.suggest_float("x", 0, 1), 0)
        trial.report(5.0, 0)
        return 1.0

    study = hpo.search(as_objective(twice), {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
    assert [report.metrics["value"] for report in study.trials[0].reports] == [study.trials[0].config["x"]]


def test_several_values_are_refused() -> None:
    study = hpo.Tuner(as_objective(lambda trial: (1.0, 2.0)), {"x": hpo.Float(0, 1)}, num_trials=1)
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"gave 2 values, where one was expected.*\(1.0, 2.0\)"
    ):
        study.run()
