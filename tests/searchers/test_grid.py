"""Which points a grid has, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
import scipy.stats

import hpo


def points(space: dict[str, Any], levels: Any = None, constraints: Any = ()) -> list[dict[str, Any]]:
    return list(hpo.GridSearch(levels).points(hpo.Space(space, constraints=constraints)))


def test_ranges_are_divided_under_their_priors_with_both_ends() -> None:
    found = points({"x": hpo.Float(0.01, 100, log=True)}, 3)
    assert [config["x"] for config in found] == pytest.approx([0.01, 1, 100])


def test_listed_domains_take_all_their_values() -> None:
    found = points({"a": hpo.Choice(list("abcdefg")), "b": hpo.Ordinal([1, 2, 4])}, 2)
    assert len(found) == 21


def test_a_range_of_few_integers_takes_all_of_them_and_one_of_many_some() -> None:
    assert [config["n"] for config in points({"n": hpo.Int(1, 4)})] == [1, 2, 3, 4]
    assert [config["n"] for config in points({"n": hpo.Int(0, 100)})] == [0, 25, 50, 75, 100]


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (hpo.Int(1, 5, log=True), [1, 2, 3, 4, 5]),
        (hpo.Int(1, 3, log=True), [1, 2, 3]),
        (scipy.stats.binom(4, 0.02), [0, 1, 2, 3, 4]),
    ],
)
def test_integers_of_unequal_steps_are_all_tried(domain: Any, values: list[int]) -> None:
    assert [config["n"] for config in points({"n": domain})] == values


def test_levels_may_be_given_by_name_as_numbers_or_values() -> None:
    found = points({"x": hpo.Float(0, 1), "n": hpo.Int(1, 9)}, {"x": [0.3, 0.1], "n": 2})
    assert found == [{"x": 0.3, "n": 1}, {"x": 0.3, "n": 9}, {"x": 0.1, "n": 1}, {"x": 0.1, "n": 9}]


def test_a_hyperparameter_that_does_not_exist_multiplies_nothing() -> None:
    space = {"kind": hpo.Choice(["a", "b"]), "x": hpo.Float(0, 1).when("kind", eq="b")}
    assert points(space, 2) == [{"kind": "a"}, {"kind": "b", "x": 0.0}, {"kind": "b", "x": 1.0}]


def test_one_level_is_the_middle() -> None:
    assert points({"x": hpo.Float(0, 1)}, 1) == [{"x": 0.5}]


def test_an_unbounded_domain_with_levels_takes_quantiles() -> None:
    found = points({"x": scipy.stats.norm(0, 1)}, {"x": 3})
    assert [config["x"] for config in found] == pytest.approx([-0.967, 0, 0.967], abs=1e-3)


def test_an_unbounded_domain_without_levels_is_an_error() -> None:
    with pytest.raises(
        hpo.errors.SpaceError, match=r"'x': .*norm.* is unbounded, so a grid has no ends.*levels=\{'x'"
    ):
        points({"x": scipy.stats.norm(0, 1)})


def test_points_that_break_a_constraint_are_left_out() -> None:
    space = {"a": hpo.Int(1, 3), "b": hpo.Int(1, 3)}
    assert len(points(space, constraints=[hpo.param("a") < hpo.param("b")])) == 3


def test_constraints_that_no_point_meets_are_an_error() -> None:
    with pytest.raises(hpo.errors.SpaceError, match="None of the first 5 points of the grid meets"):
        points({"x": hpo.Float(0, 1)}, constraints=[hpo.param("x") > 2])


@pytest.mark.parametrize("levels", [0, -3, {"x": 0}])
def test_less_than_one_level_is_an_error(levels: Any) -> None:
    with pytest.raises(ValueError, match="levels is an integer of at least 1; received"):
        hpo.GridSearch(levels)


@pytest.mark.parametrize("levels", [2.5, True, "many", {"x": "ab"}, {"x": []}])
def test_levels_of_another_kind_are_an_error(levels: Any) -> None:
    with pytest.raises(TypeError, match="levels is an integer of at least 1, or a dict of names"):
        hpo.GridSearch(levels)


def test_levels_for_a_name_that_is_not_there_are_an_error() -> None:
    with pytest.raises(hpo.errors.SpaceError, match="levels for 'y', which the space has not: 'x'"):
        points({"x": hpo.Float(0, 1)}, {"y": 3})


def test_a_level_outside_of_the_domain_is_an_error() -> None:
    with pytest.raises(hpo.errors.SpaceError, match=r"'x': Expected a number from 0.0 to 1.0; received 7.0"):
        points({"x": hpo.Float(0, 1)}, {"x": [7]})
