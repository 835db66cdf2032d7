"""Frozen scipy.stats distributions as domains."""

import math
import pickle
from typing import Any

import numpy as np
import pytest
import scipy.stats

from hpo.errors import SpaceError
from hpo.space import Distribution, Int, Space

CONTINUOUS = [
    scipy.stats.loguniform(1e-4, 1),
    scipy.stats.uniform(0.1, 0.2),
    scipy.stats.norm(3, 2),
    scipy.stats.expon(scale=4),
    scipy.stats.truncnorm(-math.inf, 2),
    scipy.stats.beta(0.5, 0.5),
    scipy.stats.lognorm(1),
    scipy.stats.weibull_min(1.5),
    scipy.stats.cauchy(),
]
# SciPy's own cdf and ppf of these undo each other to some ulp more.
LESS_ACCURATE = [
    scipy.stats.gamma(2.5),
    scipy.stats.beta(2, 5),
    scipy.stats.halfnorm(),
    scipy.stats.truncnorm(-1, 2),
]
DISCRETE = [
    scipy.stats.randint(16, 257),
    scipy.stats.poisson(4),
    scipy.stats.geom(0.1),
    scipy.stats.binom(20, 0.3),
    scipy.stats.nbinom(3, 0.2),
    scipy.stats.dlaplace(0.5),
    scipy.stats.bernoulli(0.3),
    scipy.stats.randint(0, 5, loc=-2),
]
INNER = np.concatenate([[1e-9, 1 - 1e-9], (np.arange(500) + 0.3) / 500])
UNIT = np.concatenate([[0.0, 1.0, 2.0**-53, 1 - 2.0**-53], INNER])


def shown(frozen: Any) -> str:
    return repr(Distribution(frozen))


def error_in_ulp(frozen: Any) -> float:
    """The largest error of a round trip, in ulp of the value or of the point, whichever is coarser."""
    domain = Distribution(frozen)
    values = np.clip(np.array(domain.decode(INNER), dtype=float) * (1 + 1e-9), *frozen.support())
    back = np.array(domain.decode(domain.encode(values.tolist())), dtype=float)
    # The density is taken inside: it is 0 at a bound that the rounding of loc and scale moves outside.
    unit = np.maximum(np.spacing(np.abs(values)), 2.0**-53 / frozen.pdf(frozen.ppf(INNER)))
    return float(np.max(np.abs(back - values) / unit))


@pytest.mark.parametrize("frozen", CONTINUOUS, ids=shown)
def test_continuous_values_come_back_within_four_ulp(frozen: Any) -> None:
    assert error_in_ulp(frozen) <= 4


@pytest.mark.parametrize("frozen", LESS_ACCURATE, ids=shown)
def test_values_of_less_accurate_formulas_come_back_nearly(frozen: Any) -> None:
    assert error_in_ulp(frozen) <= 64


@pytest.mark.parametrize("frozen", DISCRETE, ids=shown)
def test_discrete_values_come_back_exactly_as_int(frozen: Any) -> None:
    domain = Distribution(frozen)
    # Farther out, the steps of an unbounded cdf are below the rounding of numbers near 1.
    values = domain.decode(INNER)
    assert {type(value) for value in values} == {int}
    assert domain.decode(domain.encode(values)) == values


@pytest.mark.parametrize("frozen", CONTINUOUS + LESS_ACCURATE + DISCRETE, ids=shown)
def test_decoded_values_are_finite_and_in_the_support(frozen: Any) -> None:
    values = Distribution(frozen).decode(UNIT)
    low, high = frozen.support()
    assert np.isfinite(np.array(values, dtype=float)).all()
    assert all(low <= value <= high for value in values)


@pytest.mark.parametrize("frozen", CONTINUOUS + LESS_ACCURATE + DISCRETE, ids=shown)
def test_the_prior_is_the_users(frozen: Any) -> None:
    assert Distribution(frozen).decode([0.25, 0.5]) == pytest.approx(frozen.ppf([0.25, 0.5]).tolist())


@pytest.mark.parametrize("frozen", CONTINUOUS + LESS_ACCURATE + DISCRETE, ids=shown)
def test_a_draw_of_the_distribution_itself_is_valid(frozen: Any) -> None:
    domain = Distribution(frozen)
    draw = frozen.rvs(random_state=np.random.default_rng(0))
    assert type(domain.validate(draw)) is (int if domain.is_discrete else float)


def test_the_known_pitfalls_of_scipy_are_mended() -> None:
    assert Distribution(scipy.stats.randint(16, 257)).decode([0.0]) == [16]
    [largest] = Distribution(scipy.stats.poisson(4)).decode([1.0])
    assert largest == 29
    normal = Distribution(scipy.stats.norm())
    assert normal.decode(normal.encode([9.0])) == pytest.approx([8.2095], abs=1e-4)
    assert Distribution(scipy.stats.halfnorm()).decode([1.0]) == pytest.approx([8.2095], abs=1e-4)
    [heavy] = Distribution(scipy.stats.pareto(0.01)).decode([1.0])
    assert isinstance(heavy, float)
    assert math.isfinite(heavy)


def test_a_bound_is_given_only_where_the_distribution_reaches_it() -> None:
    assert Distribution(scipy.stats.uniform(0, 0.99)).decode([0.0, 1.0]) == [0.0, 0.99]
    assert Distribution(scipy.stats.loguniform(1e-4, 1)).decode([0.0, 1.0]) == [1e-4, 1.0]
    assert Distribution(scipy.stats.expon()).decode([0.0]) == [0.0]
    [above_zero] = Distribution(scipy.stats.lognorm(1)).decode([0.0])
    assert above_zero == pytest.approx(math.exp(-8.2095), rel=1e-4)


def test_facts_that_searchers_ask_for() -> None:
    batch_size, count = Distribution(scipy.stats.randint(16, 257)), Distribution(scipy.stats.poisson(4))
    assert (batch_size.is_discrete, batch_size.bounds, batch_size.size) == (True, (16, 256), 241)
    assert (count.is_discrete, count.bounds, count.size) == (True, (0, math.inf), math.inf)
    rate = Distribution(scipy.stats.loguniform(1e-4, 1))
    assert (rate.is_discrete, rate.is_ordered, rate.bounds, rate.size) == (False, True, (1e-4, 1.0), math.inf)


def test_equality_is_by_name_and_arguments() -> None:
    rate = Distribution(scipy.stats.loguniform(1e-4, 1))
    for twin in (Distribution(scipy.stats.loguniform(1e-4, 1)), pickle.loads(pickle.dumps(rate))):
        assert twin == rate
        assert hash(twin) == hash(rate)
    assert rate != Distribution(scipy.stats.loguniform(1e-3, 1))
    assert rate != rate.when("a", eq=1)
    assert rate != Int(1, 6)


def test_repr_shows_the_call() -> None:
    domain = Distribution(scipy.stats.expon(scale=4)).when("optimizer", eq="sgd")
    assert repr(domain) == "Distribution(scipy.stats.expon(scale=4)).when('optimizer', eq='sgd')"


def test_a_custom_distribution_works_in_memory_and_not_in_json() -> None:
    class Ramp(scipy.stats.rv_continuous):  # type: ignore[misc]  # SciPy has no types
        def _cdf(self, x: Any) -> Any:
            return x**2

        def _ppf(self, q: Any) -> Any:
            return np.sqrt(q)

    space = Space({"x": Ramp(a=0, b=1, name="ramp")()})
    assert space.decode([[0.25]]) == [{"x": 0.5}]
    assert space == Space({"x": space["x"]})
    with pytest.raises(SpaceError, match=r"'x': ramp\(\) is a custom distribution: .* works in memory only"):
        space.to_json()


def test_a_distribution_over_listed_integers_accepts_only_those() -> None:
    domain = Distribution(scipy.stats.rv_discrete(values=([16, 32, 128], [0.5, 0.25, 0.25]))())
    assert domain.size == 3
    assert domain.decode([0.1, 0.6, 0.9]) == [16, 32, 128]
    assert domain.decode(domain.encode([16, 32, 128])) == [16, 32, 128]
    assert not domain.contains(64)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (scipy.stats.loguniform, r"scipy.stats.loguniform is not frozen: .* scipy.stats.loguniform\(a, b\)"),
        (scipy.stats.poisson, r"scipy.stats.poisson is not frozen: .* scipy.stats.poisson\(mu\)"),
        (scipy.stats.norm, r"scipy.stats.norm is not frozen: .* scipy.stats.norm\(loc, scale\)"),
        (scipy.stats.norm([0, 1], 1), r"are numbers, one each and not NaN; received \[0, 1\]. Give each"),
        (scipy.stats.norm(math.nan, 1), r"are numbers, one each and not NaN; received nan"),
        (
            scipy.stats.loguniform(1, 0.1),
            r"arguments of scipy.stats.loguniform\(1, 0.1\) make no distribution",
        ),
        (scipy.stats.norm(0, -1), r"make no distribution: its median is NaN"),
        (
            scipy.stats.randint(1, 5, loc=0.5),
            r"discrete over numbers that are no integers; list them in an Ordi",
        ),
    ],
)
def test_a_distribution_that_is_no_domain_says_why(value: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space({"x": value})


def test_what_is_no_distribution_is_refused() -> None:
    with pytest.raises(SpaceError, match=r"Expected a frozen scipy.stats distribution; received 3"):
        Distribution(3)


@pytest.mark.parametrize(
    ("frozen", "value", "message"),
    [
        (
            scipy.stats.loguniform(1e-4, 1),
            2,
            r"number from 0.0001 to 1.0, the support of scipy.stats.logu.*; received 2",
        ),
        (scipy.stats.randint(16, 257), 257, r"Expected an integer from 16 to 256, .*; received 257"),
        (scipy.stats.randint(16, 257), 20.0, r"is an integer; received 20.0 of type float. Write 20"),
        (scipy.stats.norm(), math.inf, r"is a finite number; received inf"),
    ],
)
def test_a_wrong_value_is_refused(frozen: Any, value: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Distribution(frozen).validate(value)
