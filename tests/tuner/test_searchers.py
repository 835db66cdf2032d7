"""Random search, and searchers of users."""

from typing import Any

import hpo

SPACE = hpo.Space({"x": hpo.Float(0, 1), "n": hpo.Int(1, 9), "kind": hpo.Choice(["a", "b"])})


def score(config: dict[str, Any]) -> float:
    return float(config["x"] * config["n"])


def test_random_search_depends_on_the_seed_and_the_number_alone() -> None:
    configs = [trial.config for trial in hpo.search(score, SPACE, num_trials=1030, seed=2).trials]
    assert configs == SPACE.sample(seed=2, n=1030)


def test_one_random_search_serves_two_studies() -> None:
    searcher = hpo.RandomSearch()
    first = hpo.search(score, SPACE, searcher=searcher, num_trials=2, seed=0)
    second = hpo.search(score, SPACE, searcher=searcher, num_trials=2, seed=1)
    assert [trial.config for trial in second.trials] == SPACE.sample(seed=1, n=2)
    assert first.trials[0].config != second.trials[0].config


def test_random_search_meets_constraints() -> None:
    space = hpo.Space(
        {"a": hpo.Int(0, 9), "b": hpo.Int(0, 9)}, constraints=[hpo.param("a") + hpo.param("b") <= 3]
    )
    study = hpo.search(lambda c: c["a"], space, num_trials=50, seed=0)
    assert all(trial.config["a"] + trial.config["b"] <= 3 for trial in study.trials)


class Doubling(hpo.searchers.Searcher):
    """A searcher of a user: twice the best x so far."""

    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        x = 0.01 if not study.num_completed else min(1.0, 2 * study.best.config["x"])
        return [hpo.searchers.Proposal({"x": x}, {"from": study.num_completed})] * n


def test_a_users_searcher_reads_results_and_its_info_is_kept() -> None:
    study = hpo.search(lambda c: -c["x"], {"x": hpo.Float(0, 1)}, searcher=Doubling(), num_trials=4, seed=0)
    assert [trial.config["x"] for trial in study.trials] == [0.01, 0.02, 0.04, 0.08]
    assert [trial.info for trial in study.trials] == [{"from": number} for number in range(4)]
