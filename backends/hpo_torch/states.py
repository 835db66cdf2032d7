"""The state of a torch module in the canonical layout, out of it and into it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from hpo.backend import Array, State
from hpo_torch.arrays import from_host


def canonical_parameters(model: nn.Module) -> Iterator[tuple[str, torch.Tensor, bool]]:
    """Each parameter and buffer with its canonical name and whether the layout is transposed there."""
    layers = (layer for layer in model.modules() if any(True for _ in _own_tensors(layer)))
    for index, layer in enumerate(layers):
        for name, tensor in _own_tensors(layer):
            transposed = isinstance(layer, nn.Linear) and name == "weight"
            yield f"layers.{index}.{name}", tensor, transposed


def canonical_state(model: nn.Module) -> State:
    """Copies of a model's parameters and buffers in the canonical layout."""
    return {
        name: _on_host(tensor.detach().t() if transposed else tensor.detach())
        for name, tensor, transposed in canonical_parameters(model)
    }


def load_canonical_state(model: nn.Module, state: State) -> None:
    """Replace a model's parameters and buffers by those of a canonical state."""
    with torch.no_grad():
        for name, tensor, transposed in canonical_parameters(model):
            value = from_host(state[name])
            tensor.copy_(value.t() if transposed else value)


def _on_host(tensor: torch.Tensor) -> Array:
    # NumPy has no bfloat16; float32 has each of its numbers.
    host = tensor.float() if tensor.dtype is torch.bfloat16 else tensor
    return host.cpu().numpy().copy()


def _own_tensors(layer: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from layer.named_parameters(recurse=False)
    yield from layer.named_buffers(recurse=False)
