"""Default values: of a domain, of a space, and of what a user left out of a config."""

import copy
import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from hpo.errors import SpaceError
from hpo.space import (
    NO_DEFAULT,
    Choice,
    Config,
    Constant,
    Distribution,
    Domain,
    Float,
    Int,
    Ordinal,
    Space,
    param,
)

WITH_DEFAULTS = [
    Float(0, 1, default=0.5),
    Float(1e-4, 1, log=True, default=1e-2),
    Int(8, 256, log=True, default=32),
    Choice(["relu", None, True], default=None),
    Ordinal([16, 32, 64], default=64),
    Distribution(scipy.stats.norm(0, 1), default=-3.0),
    Distribution(scipy.stats.randint(1, 7), default=6),
]


def network(*, layers: object = NO_DEFAULT, width: object = NO_DEFAULT) -> Space:
    return Space(
        {
            "width_2": Int(32, 1024, default=width).when("num_layers", ge=2),  # type: ignore[arg-type]  # of any type
            "rate": Float(0, 1, default=0.25),
            "num_layers": Int(1, 3, default=layers),  # type: ignore[arg-type]  # of any type
            "batch_size": 16,
        }
    )


def forest(*, defaults: bool) -> Space:
    """A space with conditions on conditions; each second hyperparameter has a default, if any has."""
    fallback: dict[str, Any] = {"default": 2} if defaults else {}
    return Space(
        {
            "deep": Float(0, 1).when("middle", ge=2),
            "middle": Int(1, 3, **fallback).when("top", in_=["a", "b"]),
            "top": Choice(["a", "b", "c"]),
            "other": Ordinal([1, 2, 4], **fallback).when("top", ne="a"),
        }
    )


cubes = st.lists(st.floats(0, 1), min_size=4, max_size=4)


@pytest.mark.parametrize("domain", WITH_DEFAULTS, ids=repr)
def test_repr_is_the_call_that_makes_the_domain(domain: Domain) -> None:
    names = {each.__name__: each for each in (Float, Int, Choice, Ordinal, Distribution)}
    assert eval(repr(domain), {"__builtins__": {}, "scipy": scipy}, names) == domain


def test_the_default_is_shown_last() -> None:
    assert repr(Int(8, 256, log=True, default=32)) == "Int(8, 256, log=True, default=32)"


@pytest.mark.parametrize("domain", WITH_DEFAULTS, ids=repr)
def test_the_default_counts_in_equality_and_survives_copies_and_conditions(domain: Domain) -> None:
    for twin in (copy.deepcopy(domain), pickle.loads(pickle.dumps(domain))):
        assert twin == domain
        assert hash(twin) == hash(domain)
    assert dataclasses.replace(domain, default=NO_DEFAULT) != domain
    assert domain.when("a", eq=1).default == domain.default


@pytest.mark.parametrize("domain", [Float(0, 1), Int(1, 6), Choice([None]), Ordinal([1])], ids=repr)
def test_no_default_is_one_thing_also_in_copies(domain: Domain) -> None:
    assert domain.default is NO_DEFAULT
    assert pickle.loads(pickle.dumps(domain)).default is NO_DEFAULT
    assert copy.deepcopy(domain).default is NO_DEFAULT
    assert repr(NO_DEFAULT) == "NO_DEFAULT"


def test_a_default_is_normalised_to_the_plain_value_of_the_domain() -> None:
    assert repr(Float(0, 1, default=1)) == "Float(0.0, 1.0, default=1.0)"
    assert type(Int(1, 6, default=np.int64(3)).default) is int  # type: ignore[arg-type]  # NumPy's integer is one
    assert repr(Choice([0.5, 1.0], default=1).default) == "1.0"
    assert type(Distribution(scipy.stats.norm(), default=1).default) is float


def test_a_constant_is_its_own_default() -> None:
    assert Constant("adam").default == "adam"
    assert repr(Constant(np.int64(3)).default) == "3"  # type: ignore[arg-type]  # NumPy's integers have no such type
    assert repr(Constant(3)) == "Constant(3)"


def test_a_frozen_distribution_has_a_default_only_if_it_is_wrapped_with_one() -> None:
    rate = scipy.stats.loguniform(1e-4, 1)
    assert Space({"rate": rate}).default_config() is None
    assert Space({"rate": Distribution(rate, default=0.1)}).default_config() == {"rate": 0.1}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Float(0, 1, default=2), r"Float\(0.0, 1.0\) is not in it: .* from 0.0 to 1.0; received 2"),
        (lambda: Float(0, 1, default="0"), r"Float\(0.0, 1.0\) is not in it: .* received '0' of type str"),
        (lambda: Int(1, 6, default=3.0), r"Int\(1, 6\) is not in it: .* received 3.0 .* Write 3\."),
        (lambda: Int(1, 6, default=None), r"Int\(1, 6\) is not in it: .* received None"),
        (lambda: Choice(["relu"], default="rleu"), "not in it: .* Did you mean 'relu'"),
        (lambda: Choice([0, 1], default=True), r"Choice\(\[0, 1\]\) is not in it: .* received True"),
        (lambda: Ordinal([1, 2], default=3), r"Ordinal\(\[1, 2\]\) is not in it: .* one of 1, 2; received 3"),
        (
            lambda: Distribution(scipy.stats.randint(1, 7), default=7),
            r"Distribution\(scipy.stats.randint\(1, 7\)\) is not in it: .*; received 7",
        ),
    ],
)
def test_a_default_outside_of_its_domain_is_refused(make: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=f"The default of .*{message}"):
        make()


def test_the_default_config_holds_all_defaults_in_the_order_of_the_space() -> None:
    config = network(layers=2, width=64).default_config()
    assert config == {"width_2": 64, "rate": 0.25, "num_layers": 2, "batch_size": 16}
    assert list(config) == ["width_2", "rate", "num_layers", "batch_size"]


def test_what_is_inactive_under_the_defaults_is_absent_and_needs_none() -> None:
    expected = {"rate": 0.25, "num_layers": 1, "batch_size": 16}
    assert network(layers=1, width=64).default_config() == expected
    assert network(layers=1).default_config() == expected


def test_there_is_no_default_config_if_something_active_has_no_default() -> None:
    assert network(layers=2).default_config() is None
    assert network(width=64).default_config() is None


def test_the_default_config_is_the_callers_own() -> None:
    space = Space({"a": 1})
    config = space.default_config()
    assert config is not None
    config["a"] = 2
    assert space.default_config() == {"a": 1}


@pytest.mark.parametrize("constraint", [param("a") < param("b"), lambda config: config["a"] < config["b"]])
def test_defaults_that_break_a_constraint_are_refused_with_the_space(constraint: object) -> None:
    domains = {"a": Int(1, 6, default=3), "b": Int(1, 6, default=3)}
    with pytest.raises(SpaceError, match=r"defaults of the space break the constraint .* \{'a': 3, 'b': 3\}"):
        Space(domains, constraints=[constraint])


def test_a_constraint_on_what_is_inactive_under_the_defaults_does_not_mind() -> None:
    domains = {"a": Int(1, 6, default=3), "b": Int(1, 6, default=1).when("a", ge=4)}
    assert Space(domains, constraints=[param("a") < param("b")]).default_config() == {"a": 3}


def test_an_import_path_is_followed_by_default_config_and_not_before() -> None:
    broken = Space({"a": Int(1, 6, default=3)}, constraints=["operator:not_"])
    with pytest.raises(SpaceError, match=r"defaults of the space break the constraint 'operator:not_'"):
        broken.default_config()
    missing = Space({"a": Int(1, 6, default=3)}, constraints=["no_such_module:function"])
    with pytest.raises(SpaceError, match="'no_such_module:function' cannot be imported"):
        missing.default_config()


def test_a_tree_without_a_value_for_the_defaults_is_refused_with_the_space() -> None:
    with pytest.raises(SpaceError, match="has no value for 1 and 0: division by zero"):
        Space({"a": Int(0, 6, default=0)}, constraints=[1 / param("a") <= 1])


def test_defaults_change_no_draw() -> None:
    assert forest(defaults=True).sample(seed=5, n=300) == forest(defaults=False).sample(seed=5, n=300)


def test_what_is_missing_comes_from_defaults_then_the_rest_then_the_median() -> None:
    space = network(width=64)
    rest: Config = {"rate": 0.75, "num_layers": 3, "width_2": 32, "batch_size": 16}
    assert space.completed({"rate": 1}, rest) == {**rest, "rate": 1.0, "width_2": 64}
    shallow: Config = {"rate": 0.75, "num_layers": 1, "batch_size": 16}
    assert network().completed({"num_layers": 2}, shallow) == {
        "width_2": 528,
        "rate": 0.25,
        "num_layers": 2,
        "batch_size": 16,
    }


def test_what_becomes_inactive_is_left_out_of_the_rest() -> None:
    rest: Config = {"rate": 0.75, "num_layers": 3, "width_2": 32, "batch_size": 16}
    completed = network().completed({"num_layers": np.int64(1)}, rest)
    assert completed == {"rate": 0.25, "num_layers": 1, "batch_size": 16}
    assert type(completed["num_layers"]) is int


@given(cubes, cubes, st.booleans())
def test_a_full_config_is_complete(chosen: list[float], drawn: list[float], defaults: bool) -> None:
    space = forest(defaults=defaults)
    config, rest = space.decode([chosen, drawn])
    assert space.completed(config, rest) == config


@given(cubes)
def test_without_defaults_nothing_completes_to_the_rest(drawn: list[float]) -> None:
    space = forest(defaults=False)
    [rest] = space.decode([drawn])
    assert space.completed({}, rest) == rest


@given(cubes)
def test_with_all_defaults_nothing_completes_to_the_default_config(drawn: list[float]) -> None:
    space = network(layers=2, width=64)
    [rest] = space.decode([drawn])
    assert space.completed({}, rest) == space.default_config()


@given(cubes, cubes, st.sampled_from([["top"], ["top", "middle"], ["top", "other"]]), st.booleans())
def test_a_completed_config_is_valid_and_keeps_what_was_chosen(
    chosen: list[float], drawn: list[float], names: list[str], defaults: bool
) -> None:
    space = forest(defaults=defaults)
    config, rest = space.decode([chosen, drawn])
    partial = {name: config[name] for name in names if name in config}
    completed = space.completed(partial, rest)
    assert space.validate(completed) == completed
    assert partial.items() <= completed.items()
    assert list(completed) == [name for name in space if name in completed]


@pytest.mark.parametrize(
    ("partial", "rest", "message"),
    [
        (
            {"layers": 2},
            {},
            "has 'layers', which the space has not: 'width_2', 'rate', 'num_layers', ",
        ),
        ({}, {"layers": 2}, r"has 'layers', which the space has not: .* Did you mean 'num_layers'\?"),
        ({"num_layers": 4}, {}, "'num_layers': Expected an integer from 1 to 3; received 4"),
        ({}, {"num_layers": "2"}, "'num_layers': .* is an integer; received '2'"),
        ({"num_layers": 1, "width_2": 64}, {}, "'width_2' is there only if num_layers >= 2. Leave it out"),
        ({"width_2": 64}, {"num_layers": 1}, "'width_2' is there only if num_layers >= 2. Leave it out"),
        ([], {}, r"A config is a dict of names and values; received \[\]"),
        ({}, None, "A config is a dict of names and values; received None"),
    ],
)
def test_what_cannot_be_completed_is_refused(partial: Any, rest: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        network().completed(partial, rest)


def test_a_completed_config_that_breaks_a_constraint_is_refused() -> None:
    space = Space({"a": Int(1, 6), "b": Int(1, 6, default=3)}, constraints=[param("a") <= param("b")])
    with pytest.raises(SpaceError, match=r"breaks the constraint .*; received \{'a': 5, 'b': 3\}"):
        space.completed({"a": 5}, {"a": 1, "b": 6})
    assert space.completed({}, {"a": 1, "b": 6}) == {"a": 1, "b": 3}
