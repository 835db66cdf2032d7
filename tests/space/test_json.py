"""Spaces to JSON and back."""

import dataclasses
import json
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hpo.errors import SpaceError
from hpo.space import (
    Choice,
    Constant,
    Distribution,
    Domain,
    Float,
    Int,
    Ordinal,
    Scalar,
    Space,
    domain_from_json,
    domain_to_json,
    param,
    parse,
    register_domain,
)


def with_default(domain: Domain, point: float | None) -> Domain:
    if point is None or isinstance(domain, Constant):
        return domain
    return dataclasses.replace(domain, default=domain.decode([point])[0])


numbers = st.floats(-1e9, 1e9)
integers = st.integers(-(10**6), 10**6)
texts = st.text(max_size=5)
plain_domains: st.SearchStrategy[Domain] = st.one_of(
    st.tuples(numbers, numbers).map(lambda ends: Float(min(ends), max(ends))),
    st.floats(1e-9, 1).map(lambda low: Float(low, 1, log=True)),
    st.tuples(integers, integers).map(lambda ends: Int(min(ends), max(ends))),
    st.integers(1, 1000).map(lambda low: Int(low, 1000, log=True)),
    st.lists(st.one_of(texts, st.none(), integers), min_size=1, unique=True).map(Choice),
    st.lists(texts, min_size=1, unique=True).map(Ordinal),
    st.one_of(st.booleans(), texts, numbers).map(Constant),
    st.floats(-5, 5).map(lambda loc: Distribution(scipy.stats.norm(loc, scale=2))),
)
domains = st.builds(with_default, plain_domains, st.none() | st.floats(0, 1))


def there_and_back(space: Space) -> Space:
    # Sorted keys, as some stores keep them: the order of the hyperparameters must survive it.
    return Space.from_json(json.loads(json.dumps(space.to_json(), allow_nan=False, sort_keys=True)))


@given(st.dictionaries(st.text(min_size=1), domains, min_size=1, max_size=5))
def test_every_space_comes_back_equal(entries: dict[str, Domain]) -> None:
    space = Space(entries)
    back = there_and_back(space)
    assert back == space
    assert repr(back) == repr(space)


def test_conditions_and_constraints_come_back() -> None:
    space = Space(
        {
            "b": Int(1, 9).when("a", ge=2).when("c", in_=["x", None]),
            "a": Int(1, 4),
            "c": Choice(["x", "y", None]),
        },
        constraints=[
            (param("a") + param("b") * 2 <= 10) & ~((param("c") == "x") | (param("a") % 2 != 0)),
            "operator:truth",
        ],
    )
    back = there_and_back(space)
    assert back == space
    allowed = back.with_functions({"operator:truth": operator.truth})
    assert allowed == space
    assert allowed.sample(seed=0, n=20) == space.sample(seed=0, n=20)


@pytest.mark.parametrize(
    "frozen",
    [
        scipy.stats.truncnorm(-math.inf, np.float64(2)),
        scipy.stats.randint(16, 257),
        scipy.stats.expon(scale=np.array(2.0)),
        scipy.stats.binom(n=5, p=0.5),
    ],
    ids=lambda frozen: str(frozen.dist.name),
)
def test_distributions_come_back_by_name_and_arguments(frozen: Any) -> None:
    space = Space({"x": frozen})
    assert there_and_back(space) == space
    assert there_and_back(space).sample(seed=0, n=5) == space.sample(seed=0, n=5)


def test_the_form_of_a_document() -> None:
    space = Space({"a": Int(1, 4), "x": scipy.stats.loguniform(1e-4, 1)}, constraints=[param("a") <= 3])
    assert space.to_json() == {
        "parameters": [
            {"name": "a", "domain": {"type": "int", "low": 1, "high": 4, "log": False}},
            {"name": "x", "domain": {"type": "scipy", "name": "loguniform", "args": [1e-4, 1], "kwds": {}}},
        ],
        "constraints": [{"op": "<=", "left": {"param": "a"}, "right": 3}],
    }


def test_a_default_is_in_a_document_only_where_there_is_one() -> None:
    assert domain_to_json(Int(1, 4, default=2)) == {
        "type": "int",
        "low": 1,
        "high": 4,
        "log": False,
        "default": 2,
    }
    assert domain_to_json(Choice(["a", None], default=None))["default"] is None
    assert "default" not in domain_to_json(Constant(3))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (3, r"Expected a table such as \{'type': 'float', ...\}; received 3"),
        ({"low": 1}, "A domain needs a type, one of 'float', 'int', .* received {'low': 1}"),
        ({"type": "flaot"}, "Unknown type 'flaot'; expected one of .* Did you mean 'float'"),
        ({"type": ["float"]}, r"Unknown type \['float'\]"),
        ({"type": "float", "low": 1, "hihg": 2}, "type 'float' has no 'hihg'; .* Did you mean 'high'"),
        ({"type": "float", "low": 1}, "A domain of type 'float' needs 'high'"),
        ({"type": "float", "low": 1, "high": 2, "conditions": []}, "type 'float' has no 'conditions'"),
        (
            {"type": "scipy", "name": "loguniformm"},
            "no distribution named 'loguniformm'; .* Did you mean 'loguniform'",
        ),
        ({"type": "scipy", "name": "distributions"}, "no distribution named 'distributions'"),
        ({"type": "scipy", "name": "rv_continuous"}, "no distribution named 'rv_continuous'"),
        ({"type": "scipy"}, "no distribution named None"),
        (
            {"type": "scipy", "name": "norm", "loc": 1},
            "A scipy distribution has no 'loc'; it takes 'name', 'args', 'kwds', 'default'",
        ),
        (
            {"type": "scipy", "name": "uniform", "default": 2},
            r"default of Distribution\(scipy.stats.uniform\(\)\) is not in it: .*; received 2",
        ),
        ({"type": "int", "low": 1, "high": 2, "default": 3}, r"default of Int\(1, 2\) is not in it"),
        (
            {"type": "constant", "value": 1, "default": 1},
            "type 'constant' has no 'default'; it takes 'value'",
        ),
        ({"type": "scipy", "name": "norm", "args": 1}, "args is a list and kwds a table; received args=1"),
        ({"type": "scipy", "name": "norm", "args": [1, 2, 3, 4]}, r"norm does not take args=\[1, 2, 3, 4\]"),
        ({"type": "scipy", "name": "norm", "args": ["0"]}, "are numbers, one each and not NaN; received '0'"),
        ({"type": "int", "low": 1, "high": 2, "when": {"ge": 2}}, "Expected a condition such as"),
        (
            {"type": "int", "low": 1, "high": 2, "when": [{"name": "a", "gee": 2}]},
            "Unknown operator 'gee' .* 'ge'",
        ),
    ],
)
def test_a_wrong_domain_is_refused(document: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        domain_from_json(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, r"Expected what Space.to_json\(\) gives; received \{\}"),
        ({"parameters": []}, "The space is empty"),
        ({"parameters": [3]}, "Expected a hyperparameter with 'name' and 'domain'; received 3"),
        (
            {"parameters": [{"name": "a", "domain": {"type": "int"}}]},
            "'a': A domain of type 'int' needs 'low', 'high'",
        ),
        (
            {"parameters": [{"name": "a", "domain": {"type": "constant", "value": 1}}] * 2},
            "'a' is there twice",
        ),
    ],
)
def test_a_wrong_space_is_refused(document: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space.from_json(document)


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ({"op": "<="}, "Expected a constraint such as .*; received"),
        ({"op": "**", "left": 1, "right": 2}, r"Unknown operator '\*\*' in a constraint"),
        ({"op": "<=", "left": {"op": "**", "left": 9, "right": 9}, "right": 2}, r"Unknown operator '\*\*'"),
        ({"op": "<=", "left": [1], "right": 2}, r"received \[1\] of type list"),
        ({"op": 3, "left": 1, "right": 2}, "operator of a constraint is a str; received 3"),
        ({"function": "os"}, "import path is 'module:function'"),
        (3, "Expected a constraint such as"),
    ],
)
def test_a_wrong_constraint_is_refused(constraint: object, message: str) -> None:
    parameter = {"name": "a", "domain": {"type": "int", "low": 1, "high": 4}}
    with pytest.raises(SpaceError, match=message):
        Space.from_json({"parameters": [parameter], "constraints": [constraint]})


@dataclass(frozen=True, repr=False)
class PowerOfTwo(Domain):
    """A third party's domain, by the public base class alone."""

    kind = "power_of_two"
    exponents: int

    is_discrete = True
    is_ordered = True

    @property
    def bounds(self) -> tuple[int, int]:
        return 1, 2**self.exponents

    @property
    def size(self) -> int:
        return self.exponents + 1

    expected = "a power of two"

    def validate(self, value: object) -> Scalar:
        if not isinstance(value, int) or value not in [2**i for i in range(self.size)]:
            raise SpaceError(f"Expected {self.expected}; received {value!r}.")
        return value

    def quantiles(self, unit: NDArray[np.float64]) -> list[Scalar]:
        return [2 ** int(point * self.size) for point in unit.tolist()]

    def positions(self, values: Sequence[Any]) -> NDArray[np.float64]:
        return (np.log2(np.array(values, dtype=np.float64)) + 0.5) / self.size


def test_a_third_partys_domain_needs_to_be_registered_for_json() -> None:
    space = Space({"batch_size": PowerOfTwo(8).when("a", eq=1), "a": 1})
    assert space.encode(space.sample(seed=0, n=5)).shape == (5, 2)
    document = domain_to_json(space["batch_size"])
    with pytest.raises(SpaceError, match="Unknown type 'power_of_two'"):
        domain_from_json(document)
    assert register_domain(PowerOfTwo) is PowerOfTwo
    assert there_and_back(space) == space


def test_a_third_partys_domain_takes_a_default_without_a_line_of_its_own() -> None:
    domain = PowerOfTwo(8, default=64)
    assert repr(domain) == "PowerOfTwo(8, default=64)"
    assert domain.arguments() == {"exponents": 8, "default": 64}
    with pytest.raises(
        SpaceError, match=r"PowerOfTwo\(8\) is not in it: Expected a power of two; received 65"
    ):
        PowerOfTwo(8, default=65)


def test_a_kind_belongs_to_one_class() -> None:
    class Impostor(PowerOfTwo):
        kind = "float"

    with pytest.raises(
        SpaceError, match=r"Impostor needs a kind of its own, a str; received 'float'. Taken: 'fl"
    ):
        register_domain(Impostor)


def test_a_class_that_is_defined_again_takes_its_own_place() -> None:
    def cell() -> type[Int]:
        @register_domain
        class Nearly(Int):
            kind = "nearly"

        return Nearly

    try:
        for made in (cell(), cell()):
            register_domain(made)
            assert type(domain_from_json({"type": "nearly", "low": 0, "high": 9})) is made
    finally:
        del parse._KINDS["nearly"]
