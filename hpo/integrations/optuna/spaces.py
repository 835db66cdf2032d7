"""The space behind what an objective asked for, trial by trial.

Optuna's objectives say what they search while they run. Which of their parameters exist, and when, is read
off the trials: one that is asked for only where another has certain values is conditional on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution

from hpo.errors import SpaceError
from hpo.integrations.optuna.distributions import domain_of, wider
from hpo.space import Condition, Domain, Scalar, Space


@dataclass(frozen=True)
class Asked:
    """What one trial asked for, in order.

    Attributes:
        parameters: the values by name.
        distributions: the distributions by name.
    """

    parameters: Mapping[str, Any]
    distributions: Mapping[str, BaseDistribution]


def distributions_in(asked: Sequence[Asked]) -> dict[str, BaseDistribution]:
    """All parameters, in the order in which they came, with what holds all their values.

    Raises:
        SpaceError: one was asked for in ways that do not go together.
    """
    found: dict[str, BaseDistribution] = {}
    for each in asked:
        for name, distribution in each.distributions.items():
            found[name] = wider(found[name], distribution) if name in found else distribution
    return found


def infer_space(asked: Sequence[Asked]) -> Space:
    """The smallest space that holds what all trials asked for.

    Raises:
        SpaceError: nothing was asked for, or nothing that is discrete explains why a parameter is missing
            from some trials.
    """
    domains: dict[str, Domain] = {}
    for name, distribution in distributions_in(asked).items():
        domain = domain_of(name, distribution)
        conditions = _conditions(name, domains, asked)
        if conditions is None:
            having = sum(name in each.parameters for each in asked)
            raise SpaceError(
                f"{name!r} is asked for in {having} of {len(asked)} trials, and no other parameter's values "
                "say in which: write the space yourself, with hpo.Float(...).when(...)."
            )
        domains[name] = domain.with_conditions(*conditions)
    if not domains:
        raise SpaceError("No trial asked for a parameter, so there is nothing to search.")
    return Space(domains)


def _conditions(
    name: str, before: Mapping[str, Domain], asked: Sequence[Asked]
) -> tuple[Condition, ...] | None:
    """When a parameter exists, by those that came before it; None if they do not say."""
    present = [name in each.parameters for each in asked]
    if all(present):
        return ()
    for other, domain in before.items():
        if present == [other in each.parameters for each in asked]:
            return domain.conditions
    # The nearest one before it that explains it: conditions stand close to what they are about.
    for other in reversed(list(before)):
        if before[other].is_discrete:
            condition = _explained(name, other, before[other], asked)
            if condition is not None:
                return (condition,)
    return None


def _explained(name: str, other: str, domain: Domain, asked: Sequence[Asked]) -> Condition | None:
    """The condition on `other` that says where `name` exists, if there is one."""
    if any(name in each.parameters and other not in each.parameters for each in asked):
        return None
    having = [each for each in asked if other in each.parameters]
    held = _listed(each.parameters[other] for each in having if name in each.parameters)
    missing = _listed(each.parameters[other] for each in having if name not in each.parameters)
    if any(value in missing for value in held):
        return None
    if domain.is_ordered and missing:
        ranks = [domain.rank(value) for value in held]
        others = [domain.rank(value) for value in missing]
        if min(ranks) > max(others):
            return Condition(other, "ge", min(held, key=domain.rank))
        if max(ranks) < min(others):
            return Condition(other, "le", max(held, key=domain.rank))
    return Condition(other, "in_", tuple(held))


def _listed(values: Any) -> list[Scalar]:
    return list(dict.fromkeys(values))
