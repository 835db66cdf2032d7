"""Optuna's samplers as searchers."""

from __future__ import annotations

from typing import Any, ClassVar

import optuna
import pytest
from scipy import stats

import hpo
from hpo.integrations.optuna import OptunaSearcher
from hpo.searchers import Searcher
from hpo.testing.by_hand import SearchByHand
from hpo.testing.searchers import SMALL, SearcherContract, score


class Unaware(SearcherContract):
    """Optuna's samplers repeat themselves, and have a seed of their own."""

    never_repeats = False
    depends_on_seed = False
    num_trials = 10


class TestTPE(Unaware):
    def make(self) -> Searcher:
        return OptunaSearcher(optuna.samplers.TPESampler(seed=0, n_startup_trials=5, multivariate=False))


class TestNSGA(Unaware):
    """Keeps its generations in the trials."""

    def make(self) -> Searcher:
        return OptunaSearcher(optuna.samplers.NSGAIISampler(seed=0, population_size=4))


def test_a_model_of_optunas_beats_its_own_first_draws() -> None:
    def bowl(config: dict[str, Any]) -> float:
        return float((config["x"] - 0.3) ** 2 + (config["kind"] == "a"))

    space = {"x": hpo.Float(-1, 1), "kind": hpo.Choice(["a", "b", "c"])}
    searcher = OptunaSearcher(optuna.samplers.TPESampler(seed=1))
    study = hpo.search(bowl, space, searcher=searcher, num_trials=60, seed=0)
    assert study.best.value is not None
    assert study.best.value < 0.3 * min(trial.value or 0.0 for trial in study.trials[:10])
    assert study.best.id > 10


def test_every_kind_of_domain_is_drawn_from() -> None:
    space = {
        "normal": stats.norm(0, 3),
        "whole": stats.poisson(4),
        "size": hpo.Ordinal(["small", "medium", "large"]),
        "fixed": hpo.Constant("as it is"),
    }
    searcher = OptunaSearcher(optuna.samplers.RandomSampler(seed=0))
    study = hpo.search(lambda c: abs(c["normal"]), space, searcher=searcher, num_trials=60, seed=0)
    configs = [trial.config for trial in study.trials]
    assert {config["size"] for config in configs} == {"small", "medium", "large"}
    assert {config["fixed"] for config in configs} == {"as it is"}
    # Under the user's priors: two of three normal numbers lie within one standard deviation.
    assert 25 <= sum(abs(config["normal"]) < 3 for config in configs) <= 55
    assert 3 <= sum(config["whole"] for config in configs) / 60 <= 5


def test_a_sampler_that_comes_to_its_end_ends_the_search() -> None:
    sampler = optuna.samplers.GridSampler({"a": [0, 1], "b": [0, 1, 2]}, seed=0)
    space = {"a": hpo.Int(0, 1), "b": hpo.Int(0, 2)}
    study = hpo.search(
        lambda c: c["a"] + c["b"], space, searcher=OptunaSearcher(sampler), num_trials=50, seed=0
    )
    assert len({repr(trial.config) for trial in study.trials}) == 6 == len(study.trials)


def test_points_of_the_user_and_trials_of_others_are_told_to_the_sampler() -> None:
    searcher = OptunaSearcher(optuna.samplers.TPESampler(seed=0, n_startup_trials=2))
    space = {"x": hpo.Float(0, 1)}
    known = [{"x": 0.5}, {"x": 0.25}]
    study = hpo.search(
        lambda c: c["x"], space, searcher=searcher, num_trials=6, seed=0, points_to_evaluate=known
    )
    assert [trial.config for trial in study.trials[:2]] == known
    assert len(study.trials) == 6


def test_stopped_trials_are_pruned_ones_to_the_sampler() -> None:
    class Seen(optuna.samplers.RandomSampler):
        pruned: ClassVar[list[dict[int, float]]] = []

        def before_trial(self, study: Any, trial: Any) -> None:
            states = (optuna.trial.TrialState.PRUNED,)
            Seen.pruned = [each.intermediate_values for each in study.get_trials(states=states)]

    class Stopping(hpo.schedulers.FIFO):
        def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
            return (
                hpo.schedulers.Decision(hpo.schedulers.Verdict.STOP, "enough")
                if trial == 0
                else hpo.schedulers.CONTINUE
            )

    def objective(config: dict[str, Any]) -> Any:
        yield from (config["x"], config["x"] + 1)

    searcher = OptunaSearcher(Seen(seed=0))
    study = hpo.search(
        objective,
        {"x": hpo.Float(0, 1)},
        searcher=searcher,
        scheduler=Stopping(),
        num_trials=2,
        seed=0,
        maximize="score",
    )
    # Optuna's study minimises, so that samplers need not know of directions.
    assert Seen.pruned == [{1: -study.trials[0].config["x"]}]


def test_a_log_that_another_sampler_wrote_counts_as_it_is() -> None:
    loop = SearchByHand(OptunaSearcher(optuna.samplers.RandomSampler(seed=0)), SMALL, score)
    study = loop.run(6)
    other = OptunaSearcher(optuna.samplers.RandomSampler(seed=5))
    assert other.ask(study, 1) == OptunaSearcher(optuna.samplers.RandomSampler(seed=5)).ask(study, 1)


def test_what_is_no_sampler_is_refused() -> None:
    with pytest.raises(TypeError, match=r"takes a sampler, such as .*TPESampler.*received 'tpe'"):
        OptunaSearcher("tpe")
