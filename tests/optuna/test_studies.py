"""Studies into Optuna's storage and out of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from scipy import stats

import hpo
from hpo.integrations.optuna import from_optuna, to_optuna

SPACE = hpo.Space(
    {
        "rate": hpo.Float(1e-4, 1, log=True),
        "size": hpo.Ordinal(["small", "large"]),
        "kind": hpo.Choice(["a", "b"]),
        "depth": hpo.Int(1, 9).when("kind", eq="b"),
        "noise": stats.norm(0, 1),
        "fixed": hpo.Constant(3),
    }
)


def objective(config: dict[str, Any]) -> Any:
    if config["size"] == "large" and config["kind"] == "a":
        raise ArithmeticError("too large")
    for epoch in range(3):
        yield {"error": config["rate"] / (epoch + 1), "seconds": 1.0}


def searched(num_trials: int = 12) -> hpo.Study:
    return hpo.search(
        objective, SPACE, minimize="error", searcher="tpe", num_trials=num_trials, seed=0, name="ours"
    )


def test_a_study_is_in_the_storage_with_all_that_optuna_knows(tmp_path: Path) -> None:
    ours, url = searched(), f"sqlite:///{tmp_path}/optuna.db"
    to_optuna(ours, url)
    theirs = optuna.load_study(study_name="ours", storage=url)
    assert [trial.params for trial in theirs.trials] == [trial.config for trial in ours.trials]
    assert theirs.best_value == ours.best.value
    states = {"completed": "COMPLETE", "failed": "FAIL"}
    assert [t.state.name for t in theirs.trials] == [states[t.state.value] for t in ours.trials]
    first = theirs.trials[ours.best.id]
    assert list(first.intermediate_values) == [0, 1, 2]
    assert first.user_attrs["seconds"] == 1.0
    assert first.datetime_start is not None
    assert first.datetime_start.timestamp() == pytest.approx(ours.best.started, abs=1e-3)
    assert theirs.metric_names == ["error"]
    # Optuna's own tools read it.
    assert set(optuna.importance.get_param_importances(theirs, params=["rate", "kind"])) == {"rate", "kind"}


def test_written_again_it_has_what_ended_since(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/optuna.db"
    tuner = hpo.Tuner(None, {"x": hpo.Float(0, 1)}, seed=0, maximize="score")
    for _ in range(3):
        trial = tuner.ask()
        to_optuna(tuner.study, url)
        tuner.tell(trial, trial.config["x"])
    written = to_optuna(tuner.study, url)
    assert [trial.value for trial in written.trials] == [trial.value for trial in tuner.study.trials]
    assert written.direction.name == "MAXIMIZE"


def test_there_and_back_it_is_the_same() -> None:
    ours = searched()
    back = from_optuna(to_optuna(ours), space=SPACE)
    assert [trial.config for trial in back.trials] == [trial.config for trial in ours.trials]
    assert [trial.state for trial in back.trials] == [trial.state for trial in ours.trials]
    assert [trial.value for trial in back.trials] == [trial.value for trial in ours.trials]
    assert [len(trial.reports) for trial in back.trials] == [len(trial.reports) for trial in ours.trials]


def imported(direction: str = "minimize") -> optuna.Study:
    def theirs(trial: Any) -> float:
        kind = trial.suggest_categorical("kind", ["a", "b"])
        x = float(trial.suggest_float("x", 0, 1))
        depth = trial.suggest_int("depth", 1, 5) if kind == "b" else 0
        for step in range(3):
            trial.report(x + step, step)
            if x > 0.8:
                raise optuna.TrialPruned
        if x > 0.6:
            raise ArithmeticError("no")
        return x + depth

    study = optuna.create_study(
        sampler=optuna.samplers.RandomSampler(seed=0), direction=direction, study_name="theirs"
    )
    study.optimize(theirs, n_trials=30, catch=(ArithmeticError,))
    return study


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_study_of_optunas_is_read_with_its_space(direction: str) -> None:
    theirs = imported(direction)
    study = from_optuna(theirs)
    assert study.space["depth"].conditions[0].name == "kind"
    assert study.best.value == theirs.best_value
    states = {"COMPLETE": "completed", "PRUNED": "stopped", "FAIL": "failed"}
    assert [t.state.value for t in study.trials] == [states[t.state.name] for t in theirs.trials]
    assert {trial.state.value for trial in study.trials} == {"completed", "stopped", "failed"}


def test_a_search_goes_on_from_it(tmp_path: Path) -> None:
    study = from_optuna(imported(), storage=tmp_path / "study.db")
    again = hpo.load_study(tmp_path / "study.db", "theirs")
    assert again == study
    more = hpo.search(
        lambda config: config["x"] + config.get("depth", 0),
        study.space,
        searcher="gp",
        warm_start=[study],
        num_trials=3,
        seed=0,
    )
    assert more.num_completed == study.num_completed + 3


def test_infinite_values_and_waiting_trials_are_no_results() -> None:
    theirs = optuna.create_study()
    theirs.optimize(lambda t: math.inf if t.suggest_float("x", 0, 1) > 0.5 else 1.0, n_trials=8)
    theirs.enqueue_trial({"x": 0.1})
    with pytest.warns(UserWarning, match="1 of 9 trials .* were left out"):
        study = from_optuna(theirs)
    assert study.num_completed + study.num_failed == 8
    assert study.num_failed > 0


def test_several_objectives_are_refused() -> None:
    theirs = optuna.create_study(directions=["minimize", "minimize"], study_name="two")
    theirs.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1.0), n_trials=2)
    with pytest.raises(ValueError, match="takes a study of one objective; 'two' has 2"):
        from_optuna(theirs)


def test_without_trials_there_is_no_space() -> None:
    with pytest.raises(hpo.errors.SpaceError, match="No call asked for a parameter"):
        from_optuna(optuna.create_study())
