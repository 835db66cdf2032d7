"""Sobol sequences and local search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hpo


def search(space: dict[str, Any], searcher: Any, num_trials: int, seed: int = 0) -> hpo.Study:
    def score(config: dict[str, Any]) -> float:
        return float(sum(value for value in config.values() if not isinstance(value, str)))

    return hpo.search(score, space, searcher=searcher, num_trials=num_trials, seed=seed)


def test_sobol_fills_every_cell_once() -> None:
    study = search({"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}, "sobol", 64)
    cells = {(int(8 * trial.config["x"]), int(8 * trial.config["y"])) for trial in study.trials}
    assert len(cells) == 64


def test_sobol_goes_through_a_finite_space_without_a_repeat() -> None:
    study = search({"a": hpo.Int(1, 5), "b": hpo.Choice(["x", "y"])}, "sobol", 10)
    assert len({repr(trial.config) for trial in study.trials}) == 10


def test_sobol_above_its_dimensions_is_an_error() -> None:
    space = {f"x{number}": hpo.Float(0, 1) for number in range(21_202)}
    with pytest.raises(hpo.errors.SpaceError, match=r"at most 21201 dimensions; the space has 21202.*random"):
        search(space, "sobol", 1)


def test_local_search_changes_one_hyperparameter_of_the_incumbent() -> None:
    space = {name: hpo.Float(0, 1) for name in "abcd"}
    study = search(space, hpo.LocalSearch(probability=1), 30)
    for trial in list(study.trials)[1:]:
        parent = study.trials[trial.info["parent"]].config
        assert sum(parent[name] != trial.config[name] for name in space) == 1
        assert trial.info["parent"] == int(np.argmin([float(str(t.value)) for t in study.trials[: trial.id]]))


def test_local_search_without_changes_draws() -> None:
    study = search({"x": hpo.Float(0, 1)}, hpo.LocalSearch(probability=0), 20)
    assert {trial.info["by"] for trial in study.trials} == {"random"}


def test_local_search_changes_categories_to_another_one() -> None:
    study = search({"kind": hpo.Choice([1, 2, 3]), "x": hpo.Float(0, 1)}, hpo.LocalSearch(probability=1), 20)
    changed = [study.trials[trial.info["parent"]].config != trial.config for trial in list(study.trials)[1:]]
    assert all(changed)


@pytest.mark.parametrize("probability", [-0.1, 1.5, float("nan")])
def test_a_probability_out_of_its_range_is_an_error(probability: float) -> None:
    with pytest.raises(ValueError, match="probability is a number from 0 to 1; received"):
        hpo.LocalSearch(probability=probability)


@pytest.mark.parametrize("probability", ["half", None, True])
def test_a_probability_that_is_no_number_is_an_error(probability: Any) -> None:
    with pytest.raises(TypeError, match="probability is a number from 0 to 1; received"):
        hpo.LocalSearch(probability=probability)
