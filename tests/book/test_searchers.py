"""The book's random searcher: what it must not do to its arguments, and what a reader derives from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import hpo
from hpo.book import BasicScheduler, HPOScheduler, HPOSearcher, RandomSearcher

SPACE = {"learning_rate": stats.loguniform(1e-2, 1), "batch_size": stats.randint(32, 256)}
INITIAL = {"learning_rate": 0.1, "batch_size": 128}


def test_the_initial_config_comes_first_and_draws_follow() -> None:
    searcher = RandomSearcher(SPACE, initial_config=INITIAL, seed=0)
    first, second = searcher.sample_configuration(), searcher.sample_configuration()
    assert first == INITIAL
    assert 0.01 <= second["learning_rate"] <= 1
    assert 32 <= second["batch_size"] < 256


def test_the_user_s_initial_config_is_not_changed() -> None:
    mine = dict(INITIAL)
    searcher = RandomSearcher(SPACE, mine)
    searcher.sample_configuration()["max_epochs"] = 2
    assert mine == INITIAL == searcher.initial_config


def test_without_an_initial_config_the_first_one_is_drawn() -> None:
    assert set(RandomSearcher(SPACE).sample_configuration()) == set(SPACE)


def test_an_initial_config_costs_no_draw() -> None:
    one, other = RandomSearcher(SPACE, INITIAL, seed=3), RandomSearcher(SPACE, seed=3)
    one.sample_configuration()
    assert one.sample_configuration() == other.sample_configuration()


def test_its_draws_are_those_of_a_search_with_its_seed() -> None:
    searcher = RandomSearcher(SPACE, seed=5)
    study = hpo.search(lambda config: 0.0, SPACE, num_trials=4, seed=5)
    assert [trial.config for trial in study.trials] == [searcher.sample_configuration() for _ in range(4)]


def test_values_are_python_s_own() -> None:
    config = RandomSearcher(SPACE, seed=0).sample_configuration()
    assert {name: type(value) for name, value in config.items()} == {
        "learning_rate": float,
        "batch_size": int,
    }


def test_seeding_numpy_makes_it_repeatable() -> None:
    drawn = []
    for _ in range(2):
        np.random.seed(7)
        drawn.append(RandomSearcher(SPACE).sample_configuration())
    assert drawn[0] == drawn[1]
    assert RandomSearcher(SPACE).sample_configuration() != drawn[0]


def test_a_trial_that_seeds_numpy_changes_no_later_draw() -> None:
    drawn = []
    for seed_of_the_trial in (1, 2):
        np.random.seed(7)
        searcher = RandomSearcher(SPACE, initial_config={"learning_rate": 0.1, "batch_size": 64})
        searcher.sample_configuration()
        np.random.seed(seed_of_the_trial)
        drawn.append(searcher.sample_configuration())
    assert drawn[0] == drawn[1]


def test_it_takes_the_library_s_own_domains() -> None:
    searcher = RandomSearcher({"units": hpo.Int(8, 64, log=True), "activation": hpo.Choice(["relu", "tanh"])})
    assert searcher.sample_configuration()["activation"] in ("relu", "tanh")


def test_a_subclass_may_keep_its_own_arguments_and_call_no_other_constructor() -> None:
    class LocalSearcher(RandomSearcher):
        def __init__(self, config_space: Any, probab_local: float) -> None:
            self.save_hyperparameters()

    searcher = LocalSearcher(SPACE, probab_local=0.5)
    assert set(searcher.sample_configuration()) == set(SPACE)
    assert searcher.hparams == {"config_space": SPACE, "probab_local": 0.5}


def test_a_searcher_s_update_gets_what_the_scheduler_was_told() -> None:
    seen: list[Any] = []

    class Watching(HPOSearcher):
        def update(self, config: dict[str, Any], error: float, additional_info: Any = None) -> None:
            seen.append((config, error, additional_info))

    BasicScheduler(searcher=Watching()).update({"x": 1}, 0.5, info="rung 2")
    assert seen == [({"x": 1}, 0.5, "rung 2")]


def test_the_base_classes_say_what_a_subclass_has_to_define() -> None:
    class Mine(HPOSearcher):
        pass

    with pytest.raises(NotImplementedError, match=r"Mine defines no sample_configuration\(\)"):
        Mine().sample_configuration()
    with pytest.raises(NotImplementedError, match=r"HPOScheduler defines no suggest\(\)"):
        HPOScheduler().suggest()
