"""Configs that are evaluated before the searcher proposes any."""

from __future__ import annotations

from typing import Any

import pytest

import hpo

SPACE = {"x": hpo.Float(0, 1), "n": hpo.Int(1, 9)}


def configs(space: Any = SPACE, num_trials: int = 3, **options: Any) -> list[dict[str, Any]]:
    study = hpo.search(lambda config: config["x"], space, num_trials=num_trials, seed=0, **options)
    return [trial.config for trial in study.trials]


def test_given_points_come_first_and_count_as_proposals() -> None:
    points = [{"x": 0.5, "n": 2}, {"x": 0.25, "n": 3}]
    assert configs(points_to_evaluate=points)[:2] == points
    assert len(configs(points_to_evaluate=points)) == 3


def test_the_rest_of_a_point_in_part_is_drawn() -> None:
    [first, *_] = configs(points_to_evaluate=[{"n": 2}])
    assert first["n"] == 2
    assert first["x"] == hpo.Space(SPACE).sample(seed=0, n=1)[0]["x"]


def test_by_default_the_space_s_default_config_comes_first() -> None:
    space = {"x": hpo.Float(0, 1, default=0.125), "n": hpo.Int(1, 9, default=4)}
    assert configs(space)[0] == {"x": 0.125, "n": 4}
    assert configs(space, points_to_evaluate=[])[0] != {"x": 0.125, "n": 4}


def test_the_log_says_that_a_point_was_given() -> None:
    study = hpo.search(
        lambda config: config["x"], SPACE, num_trials=2, points_to_evaluate=[{"x": 0.5, "n": 2}]
    )
    assert study.trials[0].info == {"reason": "to be evaluated first"}


def test_a_point_outside_of_the_space_is_refused_before_anything_runs() -> None:
    with pytest.raises(hpo.errors.SpaceError, match=r"'x'.*received 2"):
        configs(points_to_evaluate=[{"x": 2.0, "n": 1}])
