"""The state of a Gluon block in the canonical layout, out of it and into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpo.backend import State
from hpo_mxnet.arrays import arrays_of, from_host
from hpo_mxnet.compat import mx

nn = mx.gluon.nn


def blocks(block: Any) -> Iterator[Any]:
    """A block and those inside it, each once, outer ones first."""
    seen: set[int] = set()

    def visit(one: Any) -> Iterator[Any]:
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            for child in one._children.values():
                yield from visit(child)

    return visit(block)


def canonical_parameters(model: Any) -> Iterator[tuple[str, Any, bool]]:
    """Each parameter with its canonical name and whether the layout is transposed there."""
    layers = (block for block in blocks(model) if block._reg_params)
    for index, layer in enumerate(layers):
        for name, parameter in layer._reg_params.items():
            # Gluon keeps dense weights as (out, in).
            transposed = isinstance(layer, nn.Dense) and name == "weight"
            yield f"layers.{index}.{name}", parameter, transposed


def canonical_state(model: Any) -> State:
    """Copies of a model's parameters, moving statistics included, in the canonical layout."""
    with arrays_of(model):
        values = [(name, p.data().asnumpy(), turned) for name, p, turned in canonical_parameters(model)]
    return {name: value.T.copy() if turned else value for name, value, turned in values}


def load_canonical_state(model: Any, state: State) -> None:
    """Replace a model's parameters by those of a canonical state."""
    with arrays_of(model):
        for name, parameter, transposed in canonical_parameters(model):
            value = state[name].T if transposed else state[name]
            parameter.set_data(from_host(value, parameter.list_ctx()[0]))
