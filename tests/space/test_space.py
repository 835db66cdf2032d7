"""Spaces: order, draws, the unit cube, and what is asked of a config."""

import math
import re
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from hpo.errors import SpaceError
from hpo.randomness import uniforms
from hpo.space import Choice, Constant, Distribution, Float, Int, Ordinal, Space, param


def example() -> Space:
    return Space(
        {
            "learning_rate": scipy.stats.loguniform(1e-4, 1),
            "units": Int(32, 1024, log=True),
            "activation": Choice(["relu", "tanh"]),
            "batch_size": 16,
        }
    )


VALID = {"learning_rate": 0.1, "units": 64, "activation": "relu", "batch_size": 16}


def test_a_space_is_a_mapping_in_the_order_that_was_given() -> None:
    space = example()
    assert list(space) == ["learning_rate", "units", "activation", "batch_size"]
    assert len(space) == 4
    assert "units" in space
    assert space["units"] == Int(32, 1024, log=True)


def test_scipy_distributions_and_bare_scalars_become_domains() -> None:
    space = example()
    assert space["learning_rate"] == Distribution(scipy.stats.loguniform(1e-4, 1))
    assert space["batch_size"] == Constant(16)


def test_an_unknown_name_is_a_key_error_that_offers_the_nearest() -> None:
    with pytest.raises(KeyError, match=r"The space has no 'unit'; it has .* Did you mean 'units'\?"):
        example()["unit"]


def test_equality_minds_the_order_since_it_is_the_order_of_the_cube() -> None:
    a, b = Float(0, 1), Int(1, 2)
    assert Space({"a": a, "b": b}) == Space({"a": a, "b": b})
    assert hash(Space({"a": a, "b": b})) == hash(Space({"a": a, "b": b}))
    assert Space({"a": a, "b": b}) != Space({"b": b, "a": a})
    assert Space({"a": a}) != Space({"a": a}, constraints=[param("a") <= 0.5])
    assert Space({"a": a}) != {"a": a}


def test_repr_is_readable() -> None:
    space = Space({"a": Float(0, 1), "b": Int(1, 4).when("a", ge=0.5)}, constraints=[param("a") <= 0.9])
    assert repr(space) == (
        "Space({\n    'a': Float(0.0, 1.0),\n    'b': Int(1, 4).when('a', ge=0.5),\n}, "
        "constraints=[(param('a') <= 0.9)])"
    )


def test_size_counts_the_points_of_finite_spaces() -> None:
    assert Space({"a": Int(1, 4), "b": Choice(["x", "y"]), "c": Ordinal([1, 2, 4])}).size == 24
    assert Space({"a": Int(1, 4), "b": Float(0, 1)}).size == math.inf


def test_draws_follow_the_documented_stream() -> None:
    space = example()
    block = uniforms(7, "searcher", 1, 0, shape=(1024, len(space)))
    assert space.sample(seed=7, n=3, start=1025) == space.decode(block[1:4])


def test_a_draw_depends_on_seed_and_number_only() -> None:
    space = example()
    many = space.sample(seed=3, n=1030)
    assert space.sample(seed=3, n=4, start=1022) == many[1022:1026]
    assert space.sample(seed=4) != space.sample(seed=3)
    assert space.sample(seed=3, n=0) == []


def test_draws_that_break_a_constraint_are_repeated_without_moving_the_others() -> None:
    free = Space({"a": Int(1, 10), "b": Int(1, 10)})
    bound = Space(dict(free), constraints=[param("a") <= param("b")])
    drawn, kept = free.sample(seed=0, n=200), bound.sample(seed=0, n=200)
    assert all(bound.satisfies(config) for config in kept)
    assert [ours for ours, theirs in zip(kept, drawn, strict=True) if bound.satisfies(theirs)] == [
        theirs for theirs in drawn if bound.satisfies(theirs)
    ]
    assert bound.sample(seed=0, n=1, start=150) == kept[150:151]


def test_constraints_that_nothing_meets_end_with_an_error() -> None:
    space = Space({"a": Int(1, 10)}, constraints=[param("a") > 10])
    with pytest.raises(SpaceError, match=r"10,000 draws in a row broke the constraints. They contradict"):
        space.sample(seed=0)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="n and start are at least 0; received n=-1, start=0"):
        example().sample(seed=0, n=-1)


def test_configs_hold_plain_values_only() -> None:
    types = {name: type(value) for name, value in example().sample(seed=0)[0].items()}
    assert types == {"learning_rate": float, "units": int, "activation": str, "batch_size": int}


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), max_size=20))
def test_what_is_decoded_is_valid_and_comes_back(cube: list[list[float]]) -> None:
    space = example()
    configs = space.decode(np.reshape(cube, (-1, 4)))
    assert [space.validate(config) for config in configs] == configs
    for config, back in zip(configs, space.decode(space.encode(configs)), strict=True):
        assert back.pop("learning_rate") == pytest.approx(config.pop("learning_rate"), rel=1e-14)
        assert back == config


def test_encode_has_a_column_for_each_hyperparameter() -> None:
    cube = example().encode([VALID, {**VALID, "activation": "tanh"}])
    assert cube.shape == (2, 4)
    assert cube[:, 2].tolist() == [0.25, 0.75]
    assert cube[0, 0] == pytest.approx(0.75)


def test_validate_gives_a_plain_dict_in_the_order_of_the_space() -> None:
    given_ = {"units": np.int32(64), "batch_size": 16, "activation": "relu", "learning_rate": np.float64(0.1)}
    valid = example().validate(given_)
    assert list(valid) == list(VALID)
    assert valid == VALID
    assert type(valid["learning_rate"]) is float


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {**VALID, "learning_rat": 1},
            "has 'learning_rat', which the space has not: .* Did you mean 'learning_rate'",
        ),
        ({"learning_rate": 0.1, "units": 64}, "The config misses 'activation', 'batch_size'; received"),
        (
            {**VALID, "learning_rate": 2.0},
            "Hyperparameter 'learning_rate': Expected a number from 0.0001 to 1.0",
        ),
        ({**VALID, "units": 31}, "Hyperparameter 'units': Expected an integer from 32 to 1024; received 31"),
        ({**VALID, "units": 64.0}, "Hyperparameter 'units': .* is an integer; received 64.0 .* Write 64"),
        ({**VALID, "units": True}, "Hyperparameter 'units': .* received True of type bool"),
        (
            {**VALID, "activation": 3},
            "Hyperparameter 'activation': Expected one of 'relu', 'tanh'; received 3",
        ),
        ({**VALID, "batch_size": 32}, "Hyperparameter 'batch_size': Expected the constant 16; received 32"),
        ([0.1, 64], r"A config is a dict of names and values; received \[0.1, 64\]"),
    ],
)
def test_a_wrong_config_is_refused_with_the_name(config: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        example().validate(config)


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ({}, "The space is empty; give at least one hyperparameter"),
        ([("a", Float(0, 1))], "A space is made from a dict of names and domains"),
        ({1: Float(0, 1)}, "The name of a hyperparameter is a str that is not empty; received 1"),
        ({"": Float(0, 1)}, "The name of a hyperparameter is a str that is not empty; received ''"),
        ({"a": [16, 32]}, re.escape("'a': Expected a domain; received [16, 32]. Write Choice([16, 32]) for")),
        ({"a": (0.1, 1)}, re.escape("Float(low, high) or Int(low, high) for a range")),
        ({"a": Float}, "'a': Expected a domain; received the class Float: call it with arguments"),
        ({"a": {"low": 1}}, "'a': Expected a domain .*; received {'low': 1} of type dict. Write for example"),
        ({"a": math.nan}, "'a': Expected a domain .*; received nan of type float"),
        ({"a": scipy.stats.loguniform}, "'a': scipy.stats.loguniform is not frozen"),
    ],
)
def test_a_space_that_cannot_be_says_why(domains: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space(domains)


def test_arrays_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(SpaceError, match=r"points of shape \(n, 4\), .*; received shape \(4,\)"):
        example().decode([0.5] * 4)
    with pytest.raises(SpaceError, match=r"received one config: write encode\(\[config\]\)"):
        example().encode(VALID)  # type: ignore[arg-type]  # a wrong type, on purpose
