"""The update rules of `hpo.backend.optimizers` as parts of a program, in JAX."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from hpo.backend import SGD, Array, Optimizer

Arrays = dict[str, Any]


def numbers_of(optimizer: Optimizer) -> dict[str, Array]:
    """An optimizer's numbers as 0-d float64 arrays: in the program itself each new one would cost one."""
    return {name: np.asarray(value, np.float64) for name, value in vars(optimizer).items()}


def updated(kind: type[Optimizer], numbers: Arrays, values: Arrays, gradients: Arrays) -> Arrays:
    """What one step makes of parameters, slots and counts.

    Args:
        kind: which rule.
        numbers: its numbers, see `numbers_of`.
        values: parameters, slots and counts by name.
        gradients: of the parameters, by their names.
    """
    if kind is SGD:
        return values | _sgd(numbers, values, gradients)
    return values | _adam(getattr(kind, "decoupled", False), numbers, values, gradients)


def _sgd(numbers: Arrays, values: Arrays, gradients: Arrays) -> Arrays:
    after = {}
    for name, gradient in gradients.items():
        rate, momentum, decay = (
            numbers[each].astype(gradient.dtype) for each in ("learning_rate", "momentum", "weight_decay")
        )
        parameter, slot = values[name], f"momentum.{name}"
        step = gradient + decay * parameter
        if slot in values:
            step = after[slot] = momentum * values[slot] + step
        after[name] = parameter - rate * step
    return after


def _adam(decoupled: bool, numbers: Arrays, values: Arrays, gradients: Arrays) -> Arrays:
    steps = values["adam.steps"] + 1
    after = {"adam.steps": steps}
    rate, beta1, beta2, decay = (
        numbers[name] for name in ("learning_rate", "beta1", "beta2", "weight_decay")
    )
    # Powers and differences in float64, rounded afterwards: in float32 1 - 0.999 is off by 5e-5 of itself.
    t = steps.astype(np.float64)
    for name, gradient in gradients.items():

        def number(value: Any, dtype: Any = gradient.dtype) -> Any:
            return value.astype(dtype)

        parameter, first, second = values[name], f"adam.first.{name}", f"adam.second.{name}"
        if not decoupled:
            gradient += number(decay) * parameter
        after[first] = number(beta1) * values[first] + number(1 - beta1) * gradient
        after[second] = number(beta2) * values[second] + number(1 - beta2) * gradient**2
        root = jnp.sqrt(after[second]) * number((1 - beta2**t) ** -0.5) + number(numbers["epsilon"])
        kept = parameter * number(1 - rate * decay) if decoupled else parameter
        after[name] = kept - number(rate / (1 - beta1**t)) * after[first] / root
    return after
