"""The update rules of `hpo.backend.optimizers` in place, in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch

from hpo.backend import SGD, Adam, AdamW, Array, Optimizer
from hpo_torch.gradients import Gradient

Values = Mapping[str, torch.Tensor]

NEGLIGIBLE = 1e-30
"""A number in an optimizer's slots that is below this moves no parameter."""


def flush(optimizer: Optimizer, values: Values) -> None:
    """Set numbers in an optimizer's slots to zero that have all but decayed.

    Where a gradient stays zero, as behind a dark pixel, its moving average shrinks for ever, and processors
    take a hundred times as long over denormal numbers (below 1.2e-38).
    """
    for name, value in values.items():
        if value.dtype == torch.float32 and name.startswith(optimizer.slots):
            value.masked_fill_(value.abs() < NEGLIGIBLE, 0)


class Updates(Protocol):
    """Steps of an optimizer on the parameters of a state, in which its slots stand too."""

    def begin(self) -> None:
        """Count a step."""
        ...

    def apply(self, name: str, gradient: Gradient) -> None:
        """Change the parameter `name` by one step against its gradient."""
        ...


def updates(optimizer: Optimizer, values: Values, counts: dict[str, Array]) -> Updates:
    """The steps of an optimizer.

    Args:
        optimizer: the rule and its numbers.
        values: parameters and slots by name; changed in place.
        counts: counts of steps by name, on the host; changed in place.
    """
    if isinstance(optimizer, SGD):
        return SGDUpdates(optimizer, values)
    return AdamUpdates(optimizer, values, counts)


class SGDUpdates:
    """Steps of `hpo.backend.optimizers.SGD`."""

    def __init__(self, optimizer: SGD, values: Values) -> None:
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
        velocity = self._values[f"momentum.{name}"]
        gradient.add_to(velocity, factor=1.0, keep=self._momentum)
        if self._decay:
            velocity.add_(parameter, alpha=self._decay)
        parameter.add_(velocity, alpha=-self._rate)


class AdamUpdates:
    """Steps of `hpo.backend.optimizers.Adam` and `AdamW`."""

    def __init__(self, optimizer: Adam | AdamW, values: Values, counts: dict[str, Array]) -> None:
        self._rule, self._values, self._counts = optimizer, values, counts
        self._scratch: dict[str, torch.Tensor] = {}

    def begin(self) -> None:
        """Count a step."""
        self._counts["adam.steps"] += 1

    def apply(self, name: str, gradient: Gradient) -> None:
        """Change the parameter `name` by one step against its gradient."""
        rule, parameter = self._rule, self._values[name]
        rate, steps = rule.learning_rate, int(self._counts["adam.steps"])
        first, second = self._values[f"adam.first.{name}"], self._values[f"adam.second.{name}"]
        if name not in self._scratch:
            self._scratch[name] = torch.zeros_like(parameter)
        g = self._scratch[name]
        gradient.add_to(g, factor=1.0, keep=0.0)
        if rule.decoupled:
            parameter.mul_(1 - rate * rule.weight_decay)
        elif rule.weight_decay:
            g.add_(parameter, alpha=rule.weight_decay)
        first.lerp_(g, 1 - rule.beta1)
        second.mul_(rule.beta2).addcmul_(g, g, value=1 - rule.beta2)
        # The gradient has served: its memory becomes the denominator.
        torch.sqrt(second, out=g)
        g.mul_((1 - rule.beta2**steps) ** -0.5).add_(rule.epsilon)
        parameter.addcdiv_(first, g, value=-rate / (1 - rule.beta1**steps))
