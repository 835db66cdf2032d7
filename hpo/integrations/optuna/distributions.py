"""Domains as Optuna's distributions, and back."""

from __future__ import annotations

from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial

from hpo.errors import SpaceError
from hpo.space import Choice, Domain, Float, Int, Ordinal, Scalar

FEW = 10
"""A parameter of more values than this is not tried value by value."""

LONGEST_LIST = 100_000
"""A range in steps of more values than this is not listed."""


def distribution_of(domain: Domain) -> BaseDistribution:
    """What Optuna's samplers draw from instead of the domain.

    An `Ordinal` becomes the index of its value. A domain that Optuna does not have, such as a normal
    distribution, becomes the unit interval, in which its quantiles are uniform.
    """
    if isinstance(domain, Float):
        return FloatDistribution(domain.low, domain.high, log=domain.log)
    if isinstance(domain, Int):
        return IntDistribution(domain.low, domain.high, log=domain.log)
    if isinstance(domain, Choice):
        return CategoricalDistribution(domain.options)
    if isinstance(domain, Ordinal):
        return IntDistribution(0, len(domain.values) - 1)
    return FloatDistribution(0.0, 1.0)


def suggested(trial: Trial, name: str, distribution: BaseDistribution) -> Any:
    """What Optuna's trial suggests from the distribution."""
    if isinstance(distribution, FloatDistribution):
        return trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(name, distribution.low, distribution.high, log=distribution.log)
    assert isinstance(distribution, CategoricalDistribution)  # `distribution_of` returns no others
    return trial.suggest_categorical(name, distribution.choices)


def to_parameter(domain: Domain, value: Scalar) -> Any:
    """A value of the domain as one of its distribution."""
    if isinstance(domain, (Float, Int, Choice)):
        return value
    if isinstance(domain, Ordinal):
        return domain.index(value)
    return float(domain.encode([value])[0])


def to_value(domain: Domain, parameter: Any) -> Scalar:
    """A value of the domain's distribution as one of the domain."""
    if isinstance(domain, (Float, Int, Choice)):
        return domain.validate(parameter)
    if isinstance(domain, Ordinal):
        return domain.values[int(parameter)]
    return domain.decode([parameter])[0]


def shown_distribution(domain: Domain) -> BaseDistribution:
    """A distribution over the domain's own values, for people to look at."""
    if isinstance(domain, (Float, Int, Choice)):
        return distribution_of(domain)
    if not domain.is_ordered or isinstance(domain, Ordinal):
        count = int(domain.size)
        # The middle of each value's part of the unit interval.
        listed = domain.decode([(place + 0.5) / count for place in range(count)])
        return CategoricalDistribution(list(dict.fromkeys(listed)))
    low, high = domain.decode([0.0, 1.0])
    if domain.is_discrete:
        return IntDistribution(int(low), int(high))  # type: ignore[arg-type]  # it is ordered
    return FloatDistribution(float(low), float(high))  # type: ignore[arg-type]  # as above


def domain_of(name: str, distribution: BaseDistribution) -> Domain:
    """The domain whose values are those of the distribution.

    Raises:
        SpaceError: it is a range of too many steps, or its choices are no plain values.
    """
    if isinstance(distribution, CategoricalDistribution):
        return Choice(distribution.choices)
    assert isinstance(distribution, (FloatDistribution, IntDistribution))  # Optuna has no others
    low, high, step = distribution.low, distribution.high, distribution.step
    if isinstance(distribution, FloatDistribution) and step is None:
        return Float(low, high, log=distribution.log)
    if isinstance(distribution, IntDistribution) and step == 1:
        return Int(int(low), int(high), log=distribution.log)
    assert step is not None
    # Steps such as 0.1 do not divide exactly; 1e-8 keeps the last one.
    count = int((high - low) / step + 1e-8) + 1
    if count > LONGEST_LIST:
        raise SpaceError(
            f"The parameter {name!r} has {count} steps, more than the {LONGEST_LIST} that can be listed. Use "
            f"a wider step, or none; received {distribution}."
        )
    return Ordinal([low + place * step for place in range(count)]) if count > 1 else Choice([low])


def few_values(domain: Domain) -> list[Scalar] | None:
    """The values of a domain that has few, each of which may lead to other parameters; else None."""
    if not domain.is_discrete or domain.size > FEW:
        return None
    if isinstance(domain, Choice):
        return list(domain.options)
    if isinstance(domain, Ordinal):
        return list(domain.values)
    low, high = domain.decode([0.0, 1.0])
    return list(range(int(low), int(high) + 1))  # type: ignore[arg-type]  # the only other one is an Int


def wider(one: BaseDistribution, other: BaseDistribution) -> BaseDistribution:
    """The distribution that holds both, for an objective whose bounds depend on other parameters.

    Raises:
        SpaceError: they are of different kinds.
    """
    if one == other:
        return one
    if type(one) is type(other) and isinstance(one, (FloatDistribution, IntDistribution)):
        assert isinstance(other, (FloatDistribution, IntDistribution))
        if (one.log, one.step) == (other.log, other.step):
            changed: Any = type(one)
            low, high = min(one.low, other.low), max(one.high, other.high)
            return changed(low, high, log=one.log, step=one.step)
    raise SpaceError(
        f"A parameter is suggested once from {one} and once from {other}, which no one domain holds; give "
        "the two different names, or write the space yourself."
    )
