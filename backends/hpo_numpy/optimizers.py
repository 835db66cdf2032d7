"""The update rules of `hpo.backend.optimizers` in place, in NumPy."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from hpo.backend import SGD, Adam, AdamW, Array, Optimizer, State
from hpo_numpy.gradients import Gradient

NEGLIGIBLE = 1e-30
"""A number in an optimizer's slots that is below this moves no parameter."""


def flush(optimizer: Optimizer, values: State) -> None:
    """Set numbers in an optimizer's slots to zero that have all but decayed.

    Where a gradient stays zero, as behind a dark pixel, its moving average shrinks for ever, and processors
    take a hundred times as long over denormal numbers (below 1.2e-38).
    """
    for name, value in values.items():
        if value.dtype == np.float32 and name.startswith(optimizer.slots):
            value[np.abs(value) < NEGLIGIBLE] = 0


class Updates(Protocol):
    """Steps of an optimizer on the parameters of a state, in which its slots stand too."""

    def begin(self) -> None:
        """Count a step."""
        ...

    def apply(self, name: str, gradient: Gradient) -> None:
        """Change the parameter `name` by one step against its gradient."""
        ...


def updates(optimizer: Optimizer, values: State) -> Updates:
    """The steps of an optimizer.

    Args:
        optimizer: the rule and its numbers.
        values: parameters, slots and counts by name; changed in place.
    """
    return SGDUpdates(optimizer, values) if isinstance(optimizer, SGD) else AdamUpdates(optimizer, values)


class SGDUpdates:
    """Steps of `hpo.backend.optimizers.SGD`."""

    def __init__(self, optimizer: SGD, values: State) -> None:
        self._values = values
        self._rate, self._decay = float(optimizer.learning_rate), float(optimizer.weight_decay)
        self._momentum = float(optimizer.momentum)

    def begin(self) -> None:
        """Nothing is counted."""

    def apply(self, name: str, gradient: Gradient) -> None:
        """Change the parameter `name` by one step against its gradient."""
        parameter = self._values[name]
        if not self._momentum:
            gradient.add_to(parameter, factor=-self._rate, keep=1 - self._rate * self._decay)
            return
        velocity, number = self._values[f"momentum.{name}"], parameter.dtype.type
        gradient.add_to(velocity, factor=1.0, keep=self._momentum)
        if self._decay:
            velocity += parameter * number(self._decay)
        parameter -= velocity * number(self._rate)


class AdamUpdates:
    """Steps of `hpo.backend.optimizers.Adam` and `AdamW`."""

    def __init__(self, optimizer: Adam | AdamW, values: State) -> None:
        self._rule, self._values = optimizer, values
        self._scratch: dict[str, tuple[Array, Array]] = {}

    def begin(self) -> None:
        """Count a step."""
        self._values["adam.steps"] += 1

    def apply(self, name: str, gradient: Gradient) -> None:
        """Change the parameter `name` by one step against its gradient."""
        rule, parameter = self._rule, self._values[name]
        # Numbers of the parameter's own type: from NumPy 2 on a float64 scalar makes float64 of a float32
        # array.
        number, rate, steps = parameter.dtype.type, rule.learning_rate, int(self._values["adam.steps"])
        first, second = self._values[f"adam.first.{name}"], self._values[f"adam.second.{name}"]
        if name not in self._scratch:
            self._scratch[name] = np.zeros_like(parameter), np.zeros_like(parameter)
        g, work = self._scratch[name]
        gradient.add_to(g, factor=1.0, keep=0.0)
        if rule.decoupled:
            parameter *= number(1 - rate * rule.weight_decay)
        elif rule.weight_decay:
            g += np.multiply(parameter, number(rule.weight_decay), out=work)
        # first += (1 - beta1) (g - first), which is beta1 first + (1 - beta1) g.
        np.subtract(g, first, out=work)
        first += np.multiply(work, number(1 - rule.beta1), out=work)
        np.multiply(g, g, out=g)
        np.subtract(g, second, out=work)
        second += np.multiply(work, number(1 - rule.beta2), out=work)
        np.sqrt(second, out=work)
        work *= number((1 - rule.beta2**steps) ** -0.5)
        work += number(rule.epsilon)
        np.divide(first, work, out=work)
        parameter -= np.multiply(work, number(rate / (1 - rule.beta1**steps)), out=work)
