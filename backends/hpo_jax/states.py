"""The state of an NNX module in the canonical layout, out of it and into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from flax import nnx

from hpo.backend import Array, State
from hpo_jax.programs import put

KEPT = (nnx.Param, nnx.BatchStat)
"""What a canonical state has: parameters and running statistics, and no keys of random numbers."""

BESIDE = nnx.Not(nnx.Any(*KEPT, nnx.Intermediate))
"""Which of a module's variables are kept beside its canonical state."""


def canonical_state(model: nnx.Module) -> State:
    """Copies of a model's parameters and running statistics in the canonical layout.

    NNX keeps dense kernels as (in, out), which is canonical, and those of convolutions as HWIO.
    """
    return {
        name: np.array(_turned(_on_host(variable), (3, 2, 0, 1) if turned else None), order="C")
        for name, variable, turned in canonical_variables(model)
    }


def load_canonical_state(model: nnx.Module, state: State) -> None:
    """Replace a model's parameters and running statistics by those of a canonical state."""
    for name, variable, turned in canonical_variables(model):
        now = variable.get_value()
        value = _turned(state[name], (2, 3, 1, 0) if turned else None)
        variable.set_value(put(np.asarray(value, now.dtype), now.sharding))


def canonical_variables(model: nnx.Module) -> Iterator[tuple[str, nnx.Variable[Any], bool]]:
    """Each parameter and running statistic with its canonical name, and whether its axes are turned there."""
    layers = ((layer, own) for layer in _modules(model, set()) if (own := _own_variables(layer)))
    for index, (layer, own) in enumerate(layers):
        for name, variable in own.items():
            # What a linen net has stands in dicts.
            is_kernel = isinstance(layer, (nnx.Conv, nnx.ConvTranspose, dict)) and name == "kernel"
            name = "weight" if name == "kernel" else name
            yield f"layers.{index}.{name}", variable, is_kernel and variable.get_value().ndim == 4


def _modules(thing: Any, seen: set[int]) -> Iterator[Any]:
    """A module and all in it, each once, in the order in which they were set."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, (nnx.Module, dict)):
        yield thing
        parts: Any = _parts(thing).values()
    elif isinstance(thing, (list, tuple)):
        parts = thing
    else:
        return
    for part in parts:
        yield from _modules(part, seen)


def _parts(layer: Any) -> dict[str, Any]:
    return layer if isinstance(layer, dict) else vars(layer)


def _own_variables(layer: Any) -> dict[str, nnx.Variable[Any]]:
    return {
        name: value
        for name, value in _parts(layer).items()
        if isinstance(value, KEPT) and hasattr(value.get_value(), "shape")
    }


def _on_host(variable: nnx.Variable[Any]) -> Array:
    value = variable.get_value()
    # NumPy has no bfloat16; float32 has each of its numbers.
    return np.asarray(value.astype(np.float32) if value.dtype == jax.numpy.bfloat16 else value)


def _turned(value: Array, axes: tuple[int, ...] | None) -> Array:
    return value if axes is None else value.transpose(axes)
