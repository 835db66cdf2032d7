"""The update rules of `hpo.backend.optimizers`, in MXNet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from hpo.backend import SGD, Adam, AdamW, Array, DType, Optimizer
from hpo_mxnet.compat import mx
from hpo_mxnet.graphs import Graph

NEGLIGIBLE = 1e-30
"""A number in an optimizer's slots that is below this moves no parameter."""


class Updates(ABC):
    """Steps of an optimizer on the parameters of a state, in which its slots stand too.

    Args:
        slots: the names of the slots.
        dtype: of parameters and slots.
    """

    def __init__(self, slots: Sequence[str], dtype: DType) -> None:
        self._flushed = [slot for slot in slots if dtype == "float32"]
        outputs = [_flushed(mx.sym.Variable(slot)) for slot in self._flushed]
        self._flush = Graph(mx.sym.Group(outputs)) if outputs else None

    @abstractmethod
    def apply(self, values: dict[str, Any], gradients: dict[str, Any]) -> None:
        """Replace parameters and slots in `values` by what a step against the gradients makes of them."""

    def flush(self, values: dict[str, Any]) -> None:
        """Set numbers in the slots to zero that have all but decayed.

        Where a gradient stays zero, as behind a dark pixel, its moving average shrinks for ever, and
        processors take a hundred times as long over denormal numbers (below 1.2e-38).
        """
        if self._flush is not None:
            outputs = self._flush(**{name: values[name] for name in self._flushed})
            values.update(zip(self._flushed, _listed(outputs), strict=True))


def updates(optimizer: Optimizer, names: Sequence[str], counts: dict[str, Array], dtype: DType) -> Updates:
    """The steps of an optimizer.

    Args:
        optimizer: the rule and its numbers.
        names: of the parameters.
        counts: counts of steps by name, on the host; changed in place.
        dtype: of parameters and slots.
    """
    if isinstance(optimizer, SGD):
        return SGDUpdates(optimizer, names, dtype)
    return (FusedAdam if dtype == "float32" else AdamGraph)(optimizer, names, counts, dtype)


class SGDUpdates(Updates):
    """Steps of `hpo.backend.optimizers.SGD` on all parameters, as one graph."""

    def __init__(self, rule: SGD, names: Sequence[str], dtype: DType) -> None:
        super().__init__([f"{slot}.{name}" for slot in rule.slots for name in names], dtype)
        after: dict[str, Any] = {}
        for name in names:
            after |= _sgd(rule, name)
        self._changed = list(after)
        self._graph = Graph(mx.sym.Group(list(after.values())), static=True)

    def apply(self, values: dict[str, Any], gradients: dict[str, Any]) -> None:
        """Replace parameters and slots in `values` by what a step against the gradients makes of them."""
        inputs = values | {gradient_of(name): gradient for name, gradient in gradients.items()}
        values.update(zip(self._changed, _listed(self._graph(**inputs)), strict=True))


class AdamUpdates(Updates):
    """What the two ways of computing a step of `hpo.backend.optimizers.Adam` and `AdamW` share."""

    def __init__(
        self, rule: Adam | AdamW, names: Sequence[str], counts: dict[str, Array], dtype: DType
    ) -> None:
        super().__init__([f"{slot}.{name}" for slot in rule.slots for name in names], dtype)
        self._rule, self._names, self._counts = rule, names, counts

    def _corrections(self) -> tuple[float, float]:
        """Count a step; 1 - beta1^t and 1 - beta2^t."""
        self._counts["adam.steps"] += 1
        steps = int(self._counts["adam.steps"])
        return 1 - self._rule.beta1**steps, 1 - self._rule.beta2**steps


class FusedAdam(AdamUpdates):
    """Steps by MXNet's own operator, which takes one pass, with the numbers that make it our rule.

    It computes rate m / (sqrt(v) + epsilon) without corrections, which is ours if the rate is multiplied
    by sqrt(1 - beta2^t) / (1 - beta1^t) and epsilon by sqrt(1 - beta2^t). It knows numbers as float32.
    """

    def apply(self, values: dict[str, Any], gradients: dict[str, Any]) -> None:
        """Change parameters and slots in `values` by a step against the gradients."""
        rule = self._rule
        first_part, second_part = self._corrections()
        for name, gradient in gradients.items():
            parameter = values[name]
            if rule.decoupled:
                parameter *= 1 - rule.learning_rate * rule.weight_decay
            mx.nd.adam_update(
                parameter,
                gradient,
                values[f"adam.first.{name}"],
                values[f"adam.second.{name}"],
                lr=rule.learning_rate * second_part**0.5 / first_part,
                beta1=rule.beta1,
                beta2=rule.beta2,
                epsilon=rule.epsilon * second_part**0.5,
                wd=0.0 if rule.decoupled else rule.weight_decay,
                out=parameter,
            )


class AdamGraph(AdamUpdates):
    """Steps spelled out, in float64."""

    def apply(self, values: dict[str, Any], gradients: dict[str, Any]) -> None:
        """Replace parameters and slots in `values` by what a step against the gradients makes of them."""
        rule = self._rule
        first_part, second_part = self._corrections()
        for name, gradient in gradients.items():
            first, second, parameter = f"adam.first.{name}", f"adam.second.{name}", values[name]
            if rule.decoupled:
                parameter = parameter * (1 - rule.learning_rate * rule.weight_decay)
            else:
                gradient = gradient + rule.weight_decay * parameter
            values[first] = rule.beta1 * values[first] + (1 - rule.beta1) * gradient
            values[second] = rule.beta2 * values[second] + (1 - rule.beta2) * mx.nd.square(gradient)
            root = mx.nd.sqrt(values[second]) * second_part**-0.5 + rule.epsilon
            values[name] = parameter - (rule.learning_rate / first_part) * values[first] / root


def gradient_of(name: str) -> str:
    """The name of a parameter's gradient in the graph."""
    return f"gradient.{name}"


def _sgd(rule: SGD, name: str) -> dict[str, Any]:
    parameter, step = mx.sym.Variable(name), mx.sym.Variable(gradient_of(name))
    if rule.weight_decay:
        step = step + rule.weight_decay * parameter
    after = {}
    if rule.momentum:
        slot = f"momentum.{name}"
        step = after[slot] = rule.momentum * mx.sym.Variable(slot) + step
    after[name] = parameter - rule.learning_rate * step
    return after


def _flushed(slot: Any) -> Any:
    return slot * (mx.sym.abs(slot) >= NEGLIGIBLE)


def _listed(outputs: Any) -> list[Any]:
    # A graph of one output returns it bare.
    return outputs if isinstance(outputs, list) else [outputs]
