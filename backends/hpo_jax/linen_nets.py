"""Nets of flax.linen, Flax's older style, as NNX modules."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import jax
from flax import linen, nnx
from flax.nnx import bridge

from hpo_jax.keys import get_key

_OF_EVERY_MODULE = ("parent", "name")


def is_written_in_linen(cls: type) -> bool:
    """Whether the body of a class is that of a linen module: a compact call, or `setup` with fields."""
    body = vars(cls)
    return bool(getattr(body.get("__call__"), "compact", False)) or "setup" in body


def net_of_class(cls: type) -> type[linen.Module]:
    """The linen module that a class body describes.

    Args:
        cls: whose body it is. What NNX takes from it is taken out of it.
    """
    body = dict(vars(cls))
    annotations = inspect.get_annotations(cls)
    taken = {
        name: value
        for name, value in body.items()
        if name in annotations or name in ("__call__", "setup", "__module__", "__qualname__", "__doc__")
    }
    for name in ("__call__", "setup", *annotations):
        if name in body:
            delattr(cls, name)
    cls.__annotations__ = {}
    return type(cls.__name__, (linen.Module,), {**taken, "__annotations__": annotations})


def fields_of(net: type[linen.Module]) -> list[str]:
    """The names of what a linen module is made with."""
    return [field.name for field in fields(net) if field.name not in _OF_EVERY_MODULE]


class LinenNet(bridge.ToNNX):  # type: ignore[misc]  # Flax's bridge has no types
    """A linen net with its parameters.

    A net whose call has a parameter `train`, `training` or `deterministic` is told by it whether it learns.
    """

    def __init__(self, net: linen.Module, rngs: nnx.Rngs) -> None:
        super().__init__(net, rngs)
        # The bridge takes every attribute without this beginning for a variable.
        self.to_nnx__learns = False

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """The outputs of a batch."""
        learns = self.to_nnx__learns
        known = inspect.signature(type(self.to_nnx__module).__call__).parameters
        told = {"train": learns, "training": learns, "deterministic": not learns}
        options = {name: value for name, value in told.items() if name in known} | options
        if learns and nnx.state(self, nnx.BatchStat):
            options.setdefault("mutable", ["batch_stats"])
        return super().__call__(*inputs, **options)


def as_nnx(net: linen.Module, *inputs: Any) -> LinenNet:
    """A linen net whose parameters are drawn by the trial's keys, in the shapes that inputs need."""
    made = LinenNet(net, nnx.Rngs(params=get_key(), dropout=get_key()))
    bridge.lazy_init(made, *jax.tree.map(lambda one: one[:1], inputs))
    return made
