"""Hyperparameters that exist only where another one says so."""

from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from hpo.errors import SpaceError
from hpo.space import Choice, Condition, Constant, Distribution, Domain, Float, Int, Ordinal, Space


def network() -> Space:
    return Space(
        {
            "width_2": Int(32, 1024, log=True).when("width_1", ge=32).when("num_layers", ge=3),
            "width_1": Int(32, 1024, log=True).when("num_layers", ge=2),
            "width_0": Int(32, 1024, log=True),
            "num_layers": Int(1, 3),
        }
    )


@pytest.mark.parametrize(
    ("decider", "condition", "active"),
    [
        (Int(1, 4), {"eq": 2}, [2]),
        (Int(1, 4), {"ne": 2}, [1, 3, 4]),
        (Int(1, 4), {"ge": 3}, [3, 4]),
        (Int(1, 4), {"gt": 3}, [4]),
        (Int(1, 4), {"le": 2}, [1, 2]),
        (Int(1, 4), {"lt": 2}, [1]),
        (Int(1, 4), {"ge": 2, "lt": 4}, [2, 3]),
        (Choice(["sgd", "adam", "lion"]), {"in_": ["sgd", "lion"]}, ["sgd", "lion"]),
        (Choice([True, False]), {"eq": True}, [True]),
        (Choice([1, 2, 4]), {"ge": 2}, [2, 4]),
        (Choice(["a", None]), {"eq": None}, [None]),
        (Ordinal(["small", "medium", "large"]), {"ge": "medium"}, ["medium", "large"]),
        (Ordinal([64, 32, 16]), {"ge": 32}, [32, 16]),
        (Constant(3), {"ge": 2}, [3]),
        (Constant(3), {"eq": 4}, []),
    ],
    ids=str,
)
def test_each_operator_decides(decider: Domain, condition: dict[str, Any], active: list[Any]) -> None:
    space = Space({"a": decider, "b": Float(0, 1).when("a", **condition)})
    configs = space.decode([[point, 0.5] for point in np.linspace(0, 1, 24)])
    found = [config["a"] for config in configs if "b" in config]
    assert list(dict.fromkeys(found)) == active


def test_inactive_hyperparameters_are_absent_and_the_order_stays() -> None:
    space = network()
    assert list(space.decode([[0.5, 0.5, 0.5, 0.1]])[0]) == ["width_0", "num_layers"]
    assert list(space.decode([[0.5, 0.5, 0.5, 0.9]])[0]) == ["width_2", "width_1", "width_0", "num_layers"]


def test_a_condition_on_an_inactive_hyperparameter_does_not_hold() -> None:
    space = Space(
        {
            "a": Choice(["x", "y"]),
            "b": Int(1, 4).when("a", eq="x"),
            "c": Float(0, 1).when("b", ne=1),
        }
    )
    assert space.decode([[0.9, 0.9, 0.5]]) == [{"a": "y"}]
    assert space.decode([[0.1, 0.9, 0.5]]) == [{"a": "x", "b": 4, "c": 0.5}]


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=20))
def test_conditional_configs_come_back_and_inactive_ones_lie_in_the_middle(cube: list[list[float]]) -> None:
    space = network()
    configs = space.decode(cube)
    encoded = space.encode(configs)
    assert space.decode(encoded) == configs
    assert [space.validate(config) for config in configs] == configs
    for row, config in zip(encoded, configs, strict=True):
        absent = [place for name, place in zip(space, row, strict=True) if name not in config]
        assert absent == [0.5] * len(absent)


def test_validate_refuses_what_is_inactive_and_asks_for_what_is_active() -> None:
    space = network()
    with pytest.raises(
        SpaceError, match=r"'width_1' is there only if num_layers >= 2. Leave it out; received"
    ):
        space.validate({"num_layers": 1, "width_0": 64, "width_1": 64})
    with pytest.raises(SpaceError, match="The config misses 'width_1'"):
        space.validate({"num_layers": 2, "width_0": 64})
    with pytest.raises(SpaceError, match="The config misses 'num_layers'"):
        space.validate({"width_0": 64, "width_1": 64, "width_2": 64})


def test_a_distribution_takes_conditions_too() -> None:
    momentum = Distribution(scipy.stats.uniform(0, 0.99)).when("optimizer", eq="sgd")
    space = Space({"optimizer": Choice(["adam", "sgd"]), "momentum": momentum})
    assert space.decode([[0.1, 0.5], [0.9, 0.5]]) == [
        {"optimizer": "adam"},
        {"optimizer": "sgd", "momentum": 0.495},
    ]


def test_a_domain_shows_and_sheds_its_conditions() -> None:
    domain = Int(32, 64).when("a", ge=2, in_=[2, 3])
    assert domain.conditions == (Condition("a", "ge", 2), Condition("a", "in_", (2, 3)))
    assert repr(domain) == "Int(32, 64).when('a', ge=2).when('a', in_=[2, 3])"
    assert domain.with_conditions() == Int(32, 64)


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ({"a": Int(1, 2).when("a", eq=1)}, "'a' has a condition on itself: a == 1"),
        (
            {"a": Int(1, 2).when("b", eq=1), "b": Int(1, 2).when("c", eq=1), "c": Int(1, 2).when("a", eq=1)},
            "conditions of the space go round in a circle: '[abc]' -> '[abc]' -> '[abc]' -> '[abc]'",
        ),
        ({"num_layers": Int(1, 2), "b": Int(1, 2).when("num_layer", eq=1)}, r"Did you mean 'num_layers'\?"),
        (
            {"a": Choice(["sgd", "adam"]), "b": Int(1, 2).when("a", eq="adma")},
            "one of 'sgd', 'adam'; .*'adma'",
        ),
        (
            {"a": Choice(["sgd", "adam"]), "b": Int(1, 2).when("a", ge=1)},
            "'sgd|'adam' cannot be compared by size",
        ),
        ({"a": Int(1, 2), "b": Int(1, 2).when("a", ge="x")}, "'x' cannot be compared by size in Int"),
        ({"a": Int(1, 2), "b": Int(1, 2).when("a", in_=[1, 7])}, "a in .1, 7., which cannot be checked"),
    ],
)
def test_conditions_that_cannot_be_say_why(domains: dict[str, object], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space(domains)


def test_when_needs_an_operator_and_plain_operands() -> None:
    with pytest.raises(SpaceError, match=r"when\('a'\) compares nothing: give an operator, .* ge=2"):
        Int(1, 2).when("a")
    with pytest.raises(SpaceError, match=r"in_ takes a list of at least one value, .*; received 'sgd'"):
        Int(1, 2).when("a", in_="sgd")
    with pytest.raises(SpaceError, match=r"received \[1\] of type list"):
        Int(1, 2).when("a", eq=[1])  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(SpaceError, match="names a hyperparameter by a str; received 3"):
        Int(1, 2).when(3, eq=1)  # type: ignore[arg-type]  # wrong on purpose
