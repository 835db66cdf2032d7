"""Our searchers as Optuna's samplers."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import optuna
import pytest

from hpo.integrations.optuna import HpoSampler


def mixed(trial: Any) -> float:
    x = trial.suggest_float("x", -5, 5)
    rate = trial.suggest_float("rate", 1e-4, 1, log=True)
    layers = trial.suggest_int("layers", 1, 3)
    width = sum(trial.suggest_int(f"units{k}", 4, 64) for k in range(layers))
    kind = trial.suggest_categorical("kind", ["a", "b"])
    penalty = trial.suggest_float("penalty", 0, 1) if kind == "b" else 0.5
    return float((x - 1) ** 2 + abs(rate - 0.01) + abs(width - 40) / 40 + penalty)


def run(searcher: Any, num_trials: int, seed: int = 0, objective: Any = mixed) -> optuna.Study:
    study = optuna.create_study(sampler=HpoSampler(searcher, seed=seed))
    study.optimize(objective, n_trials=num_trials)
    return study


@pytest.mark.parametrize("searcher", ["gp", "tpe"])
def test_it_learns_where_random_search_does_not(searcher: str) -> None:
    assert run(searcher, 40).best_value < 0.8 * run("random", 40).best_value


@pytest.mark.parametrize("searcher", ["auto", "local", "sobol", "random"])
def test_every_searcher_samples(searcher: str) -> None:
    study = run(searcher, 12)
    assert len(study.trials) == 12
    assert all(trial.state is optuna.trial.TrialState.COMPLETE for trial in study.trials)


def test_the_same_seed_gives_the_same_study() -> None:
    first, second, other = run("tpe", 15), run("tpe", 15), run("tpe", 15, seed=1)
    assert [t.params for t in first.trials] == [t.params for t in second.trials]
    assert [t.params for t in first.trials] != [t.params for t in other.trials]


def test_a_new_process_goes_on_as_the_old_one_would() -> None:
    study = run("gp", 12)
    copied = copy.deepcopy(study)
    study.optimize(mixed, n_trials=2)
    copied.sampler = pickle.loads(pickle.dumps(HpoSampler("gp", seed=0)))
    copied.optimize(mixed, n_trials=2)
    assert [t.params for t in copied.trials] == [t.params for t in study.trials]


def test_it_maximises() -> None:
    study = optuna.create_study(direction="maximize", sampler=HpoSampler("gp", seed=0))
    study.optimize(lambda trial: -((trial.suggest_float("x", -5, 5) - 1) ** 2), n_trials=20)
    assert study.best_value > -0.01


def test_failed_and_pruned_trials_are_learned_from() -> None:
    def fragile(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        if x > 0.7:
            raise ArithmeticError("diverged")
        trial.report(x, 0)
        if x > 0.5:
            raise optuna.TrialPruned
        return float(x)

    study = optuna.create_study(sampler=HpoSampler("gp", seed=0))
    study.optimize(fragile, n_trials=30, catch=(ArithmeticError,))
    states = [trial.state for trial in study.trials[15:]]
    assert study.best_value < 0.05
    assert states.count(optuna.trial.TrialState.FAIL) < 5
    # Half of the epochs are left to chance, which a sampler that begins anew reads from the trials.
    told = [trial.system_attrs.get("hpo:by") for trial in study.trials]
    assert 10 <= told.count("gaussian process") <= 20
    assert "random" in told[-4:]


def test_a_finite_space_ends_the_study_when_all_of_it_was_tried() -> None:
    study = run("tpe", 50, objective=lambda trial: float(trial.suggest_int("n", 1, 6)))
    assert sorted({trial.params["n"] for trial in study.trials}) == [1, 2, 3, 4, 5, 6]
    assert len(study.trials) <= 8


def test_bounds_that_move_are_followed() -> None:
    def moving(trial: Any) -> float:
        low = trial.suggest_int("low", 0, 5)
        return float(trial.suggest_int("high", low, 10) - low)

    assert all(trial.values is not None for trial in run("tpe", 20, objective=moving).trials)


def test_several_objectives_are_refused() -> None:
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=HpoSampler())
    with pytest.raises(ValueError, match=r"takes a study of one objective; .* has 2"):
        study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1.0), n_trials=1)


def test_an_unknown_searcher_is_named() -> None:
    with pytest.raises(ValueError, match="There is no searcher 'gpp'"):
        HpoSampler("gpp")
