"""The space behind what an objective asked for, call by call.

Optuna's objectives say what they search while they run. Which of their parameters exist, and when, is read
off the calls: one that is asked for only where another has certain values is conditional on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from optuna.distributions import BaseDistribution

from hpo.errors import SpaceError
from hpo.integrations.optuna.distributions import domain_of, few_values, wider
from hpo.space import Condition, Domain, Scalar, Space

Conditions: TypeAlias = "tuple[Condition, ...]"

_MENDS = (
    "Write the space yourself, with hpo.Float(...).when(...), or have every call ask for the same; "
    "optuna.create_study(sampler=HpoSampler()) searches without a space."
)


@dataclass(frozen=True)
class Asked:
    """What one call of an objective asked for, in order.

    Attributes:
        parameters: the values by name.
        distributions: the distributions by name.
    """

    parameters: Mapping[str, Any]
    distributions: Mapping[str, BaseDistribution]


class UndecidedError(SpaceError):
    """The calls so far leave open what decides on a parameter; more of them may tell."""


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


def check_ranges(asked: Sequence[Asked]) -> None:
    """Raise `SpaceError` if a parameter was asked for from two ranges, as a space has one for each."""
    first: dict[str, BaseDistribution] = {}
    for each in asked:
        for name, distribution in each.distributions.items():
            if first.setdefault(name, distribution) != distribution:
                raise SpaceError(
                    f"The range of {name!r} moves: it was suggested from {first[name]} and from "
                    f"{distribution}. A space has one range for each parameter, and values outside of the "
                    f"objective's would fail. Suggest {name!r} from one fixed range, for example as a share "
                    f"of what bounds it. {_MENDS}"
                )


def infer_space(asked: Sequence[Asked], *, proven: bool = False) -> Space:
    """The smallest space that holds what all calls asked for.

    Where several parameters explain when another one exists, the fewest conditions do, and of these the
    nearest before it.

    Args:
        asked: what the calls asked for.
        proven: take nothing for a condition that may be chance. Only a parameter of few values decides, each
            of which was seen often enough, and no other one explains the same.

    Raises:
        SpaceError: nothing was asked for, or nothing that is discrete explains why a parameter is missing
            from some calls.
        UndecidedError: more calls are needed for a proof.
    """
    domains: dict[str, Domain] = {}
    for name, distribution in distributions_in(asked).items():
        domain = domain_of(name, distribution)
        domains[name] = domain.with_conditions(*_conditions(name, domains, asked, proven))
    if not domains:
        raise SpaceError("No call asked for a parameter, so there is nothing to search.")
    return Space(domains)


def _conditions(name: str, before: dict[str, Domain], asked: Sequence[Asked], proven: bool) -> Conditions:
    """When a parameter exists, by those that came before it."""
    present = [name in each.parameters for each in asked]
    if all(present):
        return ()
    for other, domain in before.items():
        if present == [other in each.parameters for each in asked]:
            return domain.conditions
    for given, calls in _circumstances(before, asked):
        if sum(name in each.parameters for each in calls) < sum(present):
            continue
        # The nearest one before it comes first: conditions stand close to what they are about.
        found = {
            other: condition
            for other in reversed(before)
            if before[other].is_discrete and (not proven or few_values(before[other]) is not None)
            if (condition := _explained(name, other, before[other], calls)) is not None
        }
        if found:
            first = next(iter(found.values()))
            return (*given, _proven(name, found, before, calls) if proven else first)
    raise SpaceError(
        f"{name!r} was suggested in {sum(present)} of {len(asked)} calls, and which parameter decides is not "
        f"known: no other one of few values has it with some of them always and with the rest never. {_MENDS}"
    )


def _circumstances(
    before: Mapping[str, Domain], asked: Sequence[Asked]
) -> Iterator[tuple[Conditions, Sequence[Asked]]]:
    """Conditions that are known, fewest first, and the calls in which they hold."""
    yield (), asked
    for other, domain in sorted(before.items(), key=lambda item: len(item[1].conditions)):
        if domain.conditions:
            yield domain.conditions, [each for each in asked if other in each.parameters]


def _explained(name: str, other: str, domain: Domain, calls: Sequence[Asked]) -> Condition | None:
    """The condition on `other` that says where `name` exists, if there is one."""
    if any(name in each.parameters and other not in each.parameters for each in calls):
        return None
    having = [each for each in calls if other in each.parameters]
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
    # A list of the values that were seen, of many, is what was drawn and no reason.
    return None if few_values(domain) is None else Condition(other, "in_", tuple(held))


def _proven(
    name: str, found: Mapping[str, Condition], before: Mapping[str, Domain], calls: Sequence[Asked]
) -> Condition:
    """The condition that calls prove.

    Raises:
        UndecidedError: none or several were seen often enough.
    """
    proven = [other for other in found if _is_settled(other, before[other], calls)]
    if len(proven) == 1:
        return found[proven[0]]
    if proven:
        raise UndecidedError(
            f"{len(calls)} calls do not say what decides on {name!r}: {' and '.join(map(repr, proven))} "
            f"explain it equally. {_MENDS}"
        )
    raise UndecidedError(
        f"{len(calls)} calls are too few to say what decides on {name!r}: it may be "
        f"{' or '.join(map(repr, found))}, some values of which came too seldom for a proof. {_MENDS}"
    )


def _is_settled(name: str, domain: Domain, calls: Sequence[Asked]) -> bool:
    """Whether each value of a parameter was seen often enough to prove that it decides."""
    values = few_values(domain) or []
    seen = [each.parameters[name] for each in calls if name in each.parameters]
    return min(map(seen.count, values)) >= calls_needed(len(values))


def calls_needed(num_values: int) -> int:
    """How many calls with each value of a parameter show that another one depends on it.

    With fewer, values that have nothing to do with it would explain it by chance, now and then.
    """
    return max(3, -(-12 // num_values))


def _listed(values: Iterable[Scalar]) -> list[Scalar]:
    """Each value once, in order."""
    return list(dict.fromkeys(values))
