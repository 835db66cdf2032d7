"""Random search, and searchers of users."""

from typing import Any

import hpo

LINE = {"x": hpo.Float(0, 1)}
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
    study = hpo.search(lambda c: -c["x"], LINE, searcher=Doubling(), num_trials=4, seed=0)
    assert [trial.config["x"] for trial in study.trials] == [0.01, 0.02, 0.04, 0.08]
    assert [trial.info for trial in study.trials] == [{"from": number} for number in range(4)]


def test_who_proposes_and_why_stands_with_the_study() -> None:
    study = hpo.search(
        lambda config: iter([config["x"]]),
        LINE,
        searcher="auto",
        num_trials=2,
        seed=0,
        scheduler=hpo.ASHA(1, 9),
    )
    why = "Auto (it takes gp: 1 hyperparameter and fewer than 500 trials), scheduler ASHA(1, 9, eta=3)"
    assert study.notes[0] == ("search", why)
    assert f"search: {why}" in str(study).splitlines()
    assert (study.searcher, study.scheduler) == ("Auto", "ASHA(1, 9, eta=3)")


def test_a_searcher_of_ones_own_may_say_why_and_need_not() -> None:
    class Plain:
        needs_results = False

        def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
            return [hpo.searchers.Proposal({"x": 0.5})]

    class Choosy(Plain):
        def reason(self, space: hpo.Space) -> str:
            return f"{len(space)} is a small number"

    for searcher, said in ((Plain(), "Plain"), (Choosy(), "Choosy (1 is a small number)")):
        study = hpo.search(lambda config: 1.0, LINE, searcher=searcher, num_trials=1, seed=0)
        assert study.notes[0].text == f"{said}, scheduler FIFO"


def test_an_older_log_prints_without_it() -> None:
    study = hpo.search(lambda config: config["x"], LINE, num_trials=1, seed=0)
    first, *others = study.events
    older = hpo.study.Event(
        first.kind, text=first.text.replace('"searcher_reason":null,', ""), time=first.time
    )
    assert older.text != first.text
    assert not hpo.Study.from_events([older, *others]).notes
