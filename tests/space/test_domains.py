"""The library's own domains: what they accept, give and say."""

import copy
import math
import pickle

import numpy as np
import pytest

from hpo.errors import SpaceError
from hpo.space import Choice, Constant, Domain, Float, Int, Ordinal

DOMAINS = [
    Float(0, 1),
    Float(1e-4, 1, log=True),
    Int(1, 6),
    Int(8, 256, log=True),
    Choice(["relu", "tanh", None, True, 3, 0.5]),
    Ordinal([16, 32, 64]),
    Constant("adam"),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
def test_repr_is_the_call_that_makes_the_domain(domain: Domain) -> None:
    names = {each.__name__: each for each in (Float, Int, Choice, Ordinal, Constant)}
    assert eval(repr(domain), {"__builtins__": {}}, names) == domain


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
def test_copies_are_equal_and_hash_alike(domain: Domain) -> None:
    for twin in (copy.deepcopy(domain), pickle.loads(pickle.dumps(domain))):
        assert twin == domain
        assert hash(twin) == hash(domain)


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
def test_what_decode_gives_is_plain_and_in_the_domain(domain: Domain) -> None:
    values = domain.decode(np.linspace(0, 1, 101))
    assert [domain.validate(value) for value in values] == values
    assert {type(value) for value in values} <= {float, int, str, bool, type(None)}


def test_domains_that_differ_in_one_argument_are_not_equal() -> None:
    assert Float(1e-4, 1, log=True) != Float(1e-4, 1)
    assert len({Int(1, 6), Float(1, 6)}) == 2
    assert Int(1, 6) != Int(1, 6).when("a", eq=1)


def test_the_ends_of_the_unit_interval_are_the_bounds() -> None:
    assert Float(0, 0.99).decode([0.0, 1.0]) == [0.0, 0.99]
    assert Float(1e-4, 0.3, log=True).decode([0.0, 1.0]) == [1e-4, 0.3]
    assert Int(16, 256).decode([0.0, 1.0]) == [16, 256]
    assert Int(16, 256, log=True).decode([0.0, 1.0]) == [16, 256]


def test_a_bound_comes_back_exactly() -> None:
    momentum = Float(0, 0.99)
    assert momentum.decode(momentum.encode([0.0, 0.99])) == [0.0, 0.99]


def test_each_integer_of_a_uniform_range_has_the_same_share() -> None:
    values = Int(1, 4).decode((np.arange(4000) + 0.5) / 4000)
    assert [values.count(value) for value in (1, 2, 3, 4)] == [1000] * 4


def test_the_share_of_an_integer_of_a_log_range_follows_its_reciprocal() -> None:
    values = Int(1, 100, log=True).decode((np.arange(100_000) + 0.5) / 100_000)
    assert values.count(10) / values.count(40) == pytest.approx(4, rel=0.02)
    assert values.count(100) == pytest.approx(values.count(99), rel=0.05)


def test_decades_of_a_log_float_have_the_same_share() -> None:
    assert Float(1e-6, 1e-1, log=True).decode([0.2, 0.4, 0.6, 0.8]) == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2])


def test_equal_bounds_make_one_point() -> None:
    for domain in (Float(2, 2), Float(2, 2, log=True), Int(2, 2), Int(2, 2, log=True)):
        assert domain.size == 1
        assert domain.decode([0.0, 0.7]) == [2, 2]
        assert domain.encode([2]).tolist() == pytest.approx([0.5])


def test_facts_that_searchers_ask_for() -> None:
    facts = [(each.is_discrete, each.is_ordered, each.bounds, each.size) for each in DOMAINS]
    assert facts == [
        (False, True, (0.0, 1.0), math.inf),
        (False, True, (1e-4, 1.0), math.inf),
        (True, True, (1, 6), 6),
        (True, True, (8, 256), 249),
        (True, False, None, 6),
        (True, True, (16, 64), 3),
        (True, False, None, 1),
    ]


def test_numpy_scalars_become_plain_values() -> None:
    assert type(Float(0, 1).validate(np.float32(0.5))) is float
    assert type(Int(0, 9).validate(np.int64(5))) is int
    assert type(Choice(["a", "b"]).validate(np.str_("a"))) is str
    assert Choice(np.array([16, 32])) == Choice([16, 32])  # type: ignore[arg-type]  # an array serves, too


def test_an_integer_is_a_valid_float_and_equals_a_float_option() -> None:
    assert repr(Float(0, 1).validate(1)) == "1.0"
    assert repr(Choice([0.5, 1.0]).validate(1)) == "1.0"


def test_true_and_one_are_different_options() -> None:
    assert not Choice([0, 1]).contains(True)
    assert not Choice([True, False]).contains(1)
    assert not Constant(1).contains(True)


def test_an_ordinal_ranks_by_its_order() -> None:
    sizes = Ordinal(["small", "medium", "large"])
    assert sizes.rank("large") == 2
    assert sizes.encode(["small", "large"]).tolist() == pytest.approx([1 / 6, 5 / 6])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Float(1, 0),
            r"lower bound of Float\(1.0, 0.0\) is above the upper one; write Float\(0.0, 1.0",
        ),
        (lambda: Int(6, 1), r"lower bound of Int\(6, 1\) is above the upper one; write Int\(1, 6\)"),
        (lambda: Float(0, 1, log=True), r"log=True needs a lower bound above 0; received low=0.0"),
        (lambda: Float(-1, 1, log=True), r"log=True needs a lower bound above 0; received low=-1.0"),
        (lambda: Int(0, 9, log=True), r"log=True needs a lower bound of at least 1; received low=0"),
        (lambda: Float(math.nan, 1), r"lower bound of a Float is a finite number; received nan"),
        (lambda: Float(0, math.inf), r"upper bound of a Float is a finite number; received inf"),
        (lambda: Float(0, 10**400), r"upper bound of a Float is a finite number"),
        (lambda: Float(False, 1), r"lower bound of a Float is a number; received False of type bool"),
        (lambda: Float("0", 1), r"lower bound of a Float is a number; received '0' of type str"),  # type: ignore[arg-type]  # a wrong type, on purpose
        (lambda: Int(0, True), r"upper bound of an Int is an integer; received True of type bool"),
        (lambda: Int(1, 1e3), r"upper bound of an Int is an integer; received 1000.0 .* Write 1000\."),  # type: ignore[arg-type]  # a wrong type, on purpose
        (lambda: Float(1, 9, log=10), r"log is True or False; received 10"),  # type: ignore[arg-type]  # a wrong type, on purpose
        (lambda: Float(-1.7e308, 1.7e308), r"wider than floating-point numbers span; narrow it"),
        (lambda: Float(1e-300, 1e300, log=True), r"wider than floating-point numbers span; narrow it"),
        (lambda: Int(0, 2**60), r"more values than floating-point numbers can tell apart"),
        (lambda: Int(1, 2**50, log=True), r"more values than floating-point numbers can tell apart"),
        (lambda: Choice([]), r"Choice needs at least one value; received an empty list"),
        (lambda: Choice("adam"), r"Choice takes a list of values, .*; received 'adam'"),
        (lambda: Choice(["a", "b", "a"]), r"differ from each other; received 'a' and 'a', which are equal"),
        (lambda: Choice([1, True]), r"differ from each other; received 1 and True, which are equal"),
        (lambda: Choice([(64, 32)]), r"received \(64, 32\) of type tuple. Name a compound value by a string"),  # type: ignore[list-item]  # a wrong type, on purpose
        (lambda: Choice([math.nan]), r"Expected a finite number; received nan, which JSON cannot hold"),
        (lambda: Ordinal([]), r"Ordinal needs at least one value"),
        (
            lambda: Ordinal([16, 64, 32]),
            r"numbers of an Ordinal ascend or descend; received 16, 64, 32. Sort",
        ),
        (lambda: Constant([1]), r"received \[1\] of type list"),  # type: ignore[arg-type]  # a wrong type, on purpose
    ],
)
def test_a_domain_that_cannot_be_says_why(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(SpaceError, match=message):
        make()


@pytest.mark.parametrize(
    ("domain", "value", "message"),
    [
        (Float(0, 1), 1.5, r"Expected a number from 0.0 to 1.0; received 1.5. Widen the domain or"),
        (Float(0, 1), "0.5", r"value of Float\(0.0, 1.0\) is a number; received '0.5' of type str"),
        (Float(0, 1), True, r"is a number; received True of type bool"),
        (Float(0, 1), math.nan, r"is a finite number; received nan"),
        (Int(1, 6), 7, r"Expected an integer from 1 to 6; received 7"),
        (Int(1, 6), 3.0, r"is an integer; received 3.0 of type float. Write 3\."),
        (Choice(["relu", "tanh"]), "rleu", r"one of 'relu', 'tanh'; received 'rleu'. Did you mean 'relu'\?"),
        (Ordinal([16, 32]), 20, r"Expected one of 16, 32; received 20"),
        (Constant(16), 32, r"Expected the constant 16; received 32"),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_expected(domain: Domain, value: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        domain.validate(value)
    assert not domain.contains(value)


def test_decode_refuses_what_is_no_row_of_points() -> None:
    with pytest.raises(SpaceError, match=r"takes points of shape \(n,\); received shape \(\)"):
        Float(0, 1).decode(0.5)
    with pytest.raises(SpaceError, match="numbers from 0 to 1; received NaN"):
        Float(0, 1).decode([math.nan])
