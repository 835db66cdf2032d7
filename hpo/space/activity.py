"""Decides which hyperparameters of a config exist: the conditions of a space, checked and put in order."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Mapping

from hpo.errors import SpaceError
from hpo.space.conditions import Condition
from hpo.space.domain import Domain
from hpo.space.values import NO_DEFAULT, Scalar, did_you_mean, listing


class Activity:
    """The conditions of a space.

    Args:
        domains: the space's domains by name.

    Attributes:
        order: the names, each after those that decide about it.

    Raises:
        SpaceError: a condition names a hyperparameter that is not there, compares with a value that it
            cannot have, or leads back to its own hyperparameter.
    """

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self._domains = domains
        for name, domain in domains.items():
            for condition in domain.conditions:
                self._check(name, condition)
        graph = {name: [each.name for each in domain.conditions] for name, domain in domains.items()}
        try:
            self.order = tuple(graphlib.TopologicalSorter(graph).static_order())
        except graphlib.CycleError as error:
            circle = " -> ".join(repr(name) for name in error.args[1])
            raise SpaceError(f"The conditions of the space go round in a circle: {circle}.") from error

    def unmet(self, name: str, config: Mapping[str, Scalar]) -> Condition | None:
        """The first condition that keeps `name` out of the config, or `None` if it exists.

        Args:
            name: a hyperparameter.
            config: the values of the active hyperparameters that decide about it; more do no harm.
        """
        for condition in self._domains[name].conditions:
            if condition.name not in config:
                return condition
            rank = self._domains[condition.name].rank
            if not condition.holds(config[condition.name], rank):
                return condition
        return None

    def active(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """The values of those hyperparameters that exist, in the order of the space.

        Args:
            values: a value for every hyperparameter.
        """
        # Those of inactive ones are never read, so a decoded point of the whole cube can be passed.
        return self.chosen(values.__getitem__)

    def chosen(self, choose: Callable[[str], Scalar]) -> dict[str, Scalar]:
        """The values that `choose` returns for those hyperparameters that exist, in the order of the space.

        Args:
            choose: makes a valid value of a name; called for active hyperparameters only, each after
                those that decide about it.
        """
        found: dict[str, Scalar] = {}
        # Deciders come first: what is not in `found` by then is inactive, and so is what depends on it.
        for name in self.order:
            if self.unmet(name, found) is None:
                found[name] = choose(name)
        return {name: found[name] for name in self._domains if name in found}

    def defaults(self) -> dict[str, Scalar] | None:
        """The defaults of those hyperparameters that exist under them, or `None` if one has no default."""
        found: dict[str, Scalar] = {}
        for name in self.order:
            if self.unmet(name, found) is None:
                default = self._domains[name].default
                if default is NO_DEFAULT:
                    return None
                found[name] = default
        return {name: found[name] for name in self._domains if name in found}

    def _check(self, name: str, condition: Condition) -> None:
        known = [each for each in self._domains if each != name]
        if condition.name == name:
            raise SpaceError(f"The hyperparameter {name!r} has a condition on itself: {condition}.")
        if condition.name not in known:
            raise SpaceError(
                f"The hyperparameter {name!r} has a condition on {condition.name!r}; the space has "
                f"{listing(known) or 'no other'}.{did_you_mean(condition.name, known)}"
            )
        decider = self._domains[condition.name]
        try:
            if condition.is_order:
                # A domain whose values have no order says so here and not in the middle of a search.
                decider.rank(condition.operands[0])
                decider.rank(decider.decode([0.5])[0])
            elif decider.size > 1:
                # A hyperparameter fixed to one value keeps conditions that speak of its other values.
                for operand in condition.operands:
                    decider.validate(operand)
        except SpaceError as error:
            raise SpaceError(
                f"The hyperparameter {name!r} has the condition {condition}, which cannot be checked: {error}"
            ) from error
