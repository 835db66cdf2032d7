"""The library's update rules held against those that a framework ships."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

import numpy as np
import pytest

from hpo.backend.models import MLP, State
from hpo.backend.optimizers import SGD, Adam, AdamW, Optimizer
from hpo.testing.package import OfPackage
from hpo.testing.problems import largest_difference
from hpo.testing.reference import data_for, members_of

NUM_STEPS = 5

# Some frameworks add epsilon to the root before it is corrected: it must be too small to matter.
RULES: dict[str, Optimizer] = {
    "sgd": SGD(0.1),
    "sgd-decay": SGD(0.1, weight_decay=0.03),
    "momentum": SGD(0.05, momentum=0.9),
    "momentum-decay": SGD(0.05, momentum=0.7, weight_decay=0.03),
    "adam": Adam(0.01, epsilon=1e-14),
    "adam-decay": Adam(0.01, beta1=0.8, beta2=0.99, epsilon=1e-14, weight_decay=0.03),
    "adamw": AdamW(0.01, epsilon=1e-14, weight_decay=0.1),
}


class Stock(Protocol):
    """An optimizer of the framework's own at work on some parameters."""

    def step(self, gradients: State) -> None:
        """Take a step against gradients, which have the parameters' names."""
        ...

    def parameters(self) -> State:
        """The parameters now."""
        ...


class StockOptimizerContract(OfPackage):
    """Subclass it, set `package` to the backend's package, and return its own optimizers from `stock`.

    Example:
        >>> import numpy as np
        >>> from hpo.testing import StockOptimizerContract
        >>> class Momentum:  # as a framework might ship it
        ...     def __init__(self, rule, parameters):
        ...         self.rule, self.values = rule, {name: each.copy() for name, each in parameters.items()}
        ...         self.velocities = {name: np.zeros_like(each) for name, each in parameters.items()}
        ...
        ...     def step(self, gradients):
        ...         for name, gradient in gradients.items():
        ...             self.velocities[name] = self.rule.momentum * self.velocities[name] + gradient
        ...             self.values[name] -= self.rule.learning_rate * self.velocities[name]
        ...
        ...     def parameters(self):
        ...         return {name: each.copy() for name, each in self.values.items()}
        >>> class TestStockOptimizers(StockOptimizerContract):
        ...     package = "hpo_numpy"
        ...
        ...     def stock(self, rule, parameters):
        ...         return Momentum(rule, parameters)
        >>> TestStockOptimizers().test_the_rule_is_the_framework_s_own("momentum")
    """

    def stock(self, rule: Optimizer, parameters: State) -> Stock:
        """The framework's own optimizer by this rule, in float64."""
        raise NotImplementedError("a contract that subclasses this one defines it")

    def after_one_step(self, rule: Optimizer, state: State) -> State:
        """What the backend makes of a state in one step."""
        model = MLP(36, 10, (9,), "tanh")
        [member] = members_of(model, rule)
        start = dataclasses.replace(member, state=state)
        cpu: Any = self.backend.device("cpu")
        run = self.backend.prepare([start], data_for(model), dtype="float64", device=cpu)
        run.epoch(np.arange(16))
        return run.state()[0]

    @pytest.mark.parametrize("name", RULES)
    def test_the_rule_is_the_framework_s_own(self, name: str) -> None:
        rule = RULES[name]
        [member] = members_of(MLP(36, 10, (9,), "tanh"), rule)
        ours, stock = member.state, self.stock(rule, member.state)
        for _ in range(NUM_STEPS):
            now = stock.parameters()
            moved = self.after_one_step(SGD(1.0), now)
            stock.step({key: value - moved[key] for key, value in now.items()})
            ours = self.after_one_step(rule, ours)
        parameters = {key: ours[key] for key in member.state}
        # Frameworks keep an optimizer's numbers as float32, in which 1 - 0.999 is off by 5e-5 of itself.
        assert largest_difference(parameters, stock.parameters()) < 3e-6
        assert largest_difference(parameters, member.state) > 1e-3
