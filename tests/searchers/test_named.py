"""Searchers by name, and the one that chooses."""

from __future__ import annotations

from typing import Any

import pytest

import hpo
from hpo.searchers import SEARCHERS, searcher_named
from hpo.testing.by_hand import SearchByHand

SPACE = hpo.Space({"x": hpo.Float(0, 1)})


def score(config: dict[str, Any]) -> float:
    return float(config["x"])


@pytest.mark.parametrize("name", SEARCHERS)
def test_a_name_stands_for_a_searcher(name: str) -> None:
    assert isinstance(searcher_named(name), hpo.searchers.Searcher)
    assert hpo.search(score, SPACE, searcher=name, num_trials=3, seed=0).num_completed == 3


def test_options_go_with_a_name() -> None:
    grid = searcher_named("grid", levels=2)
    assert [proposal.config["x"] for proposal in grid.ask(SearchByHand(grid, SPACE, score).study, 5)] == [
        0.0,
        1.0,
    ]


def test_an_option_that_is_not_there_is_an_error_that_lists_those_that_are() -> None:
    with pytest.raises(
        TypeError, match="'tpe' has no option 'level'; its options are: num_initial, num_candidates"
    ):
        searcher_named("tpe", level=3)
    with pytest.raises(TypeError, match="'random' has no option 'levels'; its options are: none"):
        searcher_named("random", levels=3)


def test_options_for_a_searcher_that_is_made_are_an_error() -> None:
    with pytest.raises(
        TypeError, match=r"is one already: give them when it is made. Received \{'levels': 2\}"
    ):
        searcher_named(hpo.GridSearch(), levels=2)


def test_an_unknown_name_is_an_error_that_lists_those_that_are() -> None:
    with pytest.raises(
        ValueError, match=r"no searcher 'tpee'. Known are: 'auto', 'gp', 'grid', 'local', 'random'"
    ):
        searcher_named("tpee")


def test_auto_says_which_searcher_it_took_and_why() -> None:
    [trial] = SearchByHand(hpo.Auto(), SPACE, score).start(1)
    assert trial.info["searcher"] == "gp"
    assert "1 hyperparameter" in trial.info["why"]


def test_auto_takes_tpe_for_many_hyperparameters() -> None:
    space = hpo.Space({f"x{number}": hpo.Float(0, 1) for number in range(101)})
    assert hpo.Auto().choose(SearchByHand(hpo.Auto(), space, lambda config: 0.0).study)[0] == "tpe"


def test_auto_takes_tpe_after_many_trials() -> None:
    loop = SearchByHand(hpo.RandomSearch(), SPACE, score)
    loop.run(500)
    assert hpo.Auto().choose(loop.study) == (
        "tpe",
        "500 trials or more, for which a Gaussian process is slow",
    )


def test_auto_takes_sobol_if_no_result_comes_before_the_last_start() -> None:
    study = SearchByHand(hpo.Auto(), SPACE, score).study
    assert hpo.Auto(num_trials=8, workers=8).choose(study)[0] == "sobol"
    assert hpo.Auto(num_trials=80, workers=8).choose(study)[0] == "gp"


def test_auto_is_told_how_large_the_search_is() -> None:
    study = hpo.search(
        lambda config: config["x"], {"x": hpo.Float(0, 1)}, searcher="auto", num_trials=1, seed=0
    )
    assert study.trials[0].info["why"] == "all trials start before the first result"


@pytest.mark.parametrize("options", [{"num_trials": 0}, {"workers": 0}, {"workers": 1.5}])
def test_auto_refuses_numbers_that_cannot_be(options: Any) -> None:
    with pytest.raises(ValueError, match="is an integer of at least 1; received"):
        hpo.Auto(**options)
