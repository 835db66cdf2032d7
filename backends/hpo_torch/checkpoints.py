"""The state of torch's objects: modules, optimizers, schedules, scalers, tensors, generators.

A tensor becomes an array. What a `state_dict()` holds beside tensors and JSON values is written down under
a key that begins with two underscores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from hpo import training
from hpo.backend import CANONICAL, PARAMETERS, Array, State, Tree
from hpo.checkpoints import check_array, check_arrays, tidy
from hpo.errors import CheckpointError
from hpo_torch.states import canonical_parameters, load_canonical_state

# Types of the same width, to view dtypes in that NumPy has not, such as bfloat16 and float8.
_BITS = {1: torch.uint8, 2: torch.int16}


def capture(thing: Any) -> Tree:
    """See `hpo.backend.Backend.capture`."""
    if isinstance(thing, torch.Tensor):
        return _encode(thing)
    if isinstance(thing, torch.Generator):
        return {"generator": thing.get_state().numpy().copy()}
    if isinstance(thing, nn.Module):
        return {PARAMETERS: _encode(thing.state_dict())}
    if not hasattr(thing, "state_dict") or not hasattr(thing, "load_state_dict"):
        raise CheckpointError(
            f"Of torch's objects a checkpoint keeps tensors, generators, and what has state_dict() and "
            f"load_state_dict(state); received a {type(thing).__name__}."
        )
    return {"state": _encode(thing.state_dict())}


def restore(thing: Any, tree: Tree) -> Any:
    """See `hpo.backend.Backend.restore`."""
    if isinstance(thing, torch.Tensor):
        _restore_tensor(thing, tree)
    elif isinstance(thing, torch.Generator):
        thing.set_state(torch.tensor(_part(tree, "generator", thing)))
    elif isinstance(thing, nn.Module):
        _restore_module(thing, tree)
    else:
        state = _decode(_part(tree, "state", thing))
        try:
            thing.load_state_dict(state)
        # Each class with a load_state_dict() raises errors of its own kinds.
        except Exception as error:
            raise CheckpointError(
                f"This {type(thing).__name__} does not take the checkpoint's state: {error}. Make it as it "
                f"was made in the trial."
            ) from error
    return thing


def _restore_tensor(tensor: torch.Tensor, tree: Tree) -> None:
    value = _decode(tree)
    check_array(tensor, value)
    with torch.no_grad():
        tensor.copy_(value)


def _restore_module(model: nn.Module, tree: Tree) -> None:
    if isinstance(tree, dict) and CANONICAL in tree:
        _load_canonical(model, tree[CANONICAL])
        return
    state = _decode(_part(tree, PARAMETERS, model))
    found = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    # A lazy parameter takes any shape: load_state_dict() gives it the checkpoint's.
    expected = {
        name: found.get(name, np.empty(0)) if nn.parameter.is_lazy(value) else value
        for name, value in model.state_dict().items()
        if isinstance(value, torch.Tensor)
    }
    check_arrays(type(model).__name__, _shapes(expected), _shapes(found))
    model.load_state_dict(state)


def _load_canonical(model: nn.Module, state: State) -> None:
    if isinstance(model, training.Module):
        model.prepare_for(state)
    expected: dict[str, Array] = {}
    for name, tensor, transposed in canonical_parameters(model):
        if nn.parameter.is_lazy(tensor) and name in state:
            shape = state[name].shape
            tensor.materialize(shape[::-1] if transposed else shape)
        if not nn.parameter.is_lazy(tensor):
            shape = tuple(tensor.shape)
            expected[name] = np.broadcast_to(0, shape[::-1] if transposed else shape)
    check_arrays(type(model).__name__, expected, state)
    load_canonical_state(model, state)


def _shapes(values: Mapping[str, Any]) -> dict[str, Array]:
    return {name: np.broadcast_to(0, tuple(value.shape)) for name, value in values.items()}


def _part(tree: Tree, key: str, thing: Any) -> Any:
    if not isinstance(tree, dict) or key not in tree:
        raise CheckpointError(
            f"The checkpoint holds the state of something else here than of a {type(thing).__name__}."
        )
    return tree[key]


def _encode(value: Any) -> Tree:
    if isinstance(value, torch.Tensor):
        return _encode_tensor(value)
    if isinstance(value, np.ndarray):
        return {"__numpy__": tidy(value)}
    if isinstance(value, Mapping):
        plain = all(isinstance(key, str) and not key.startswith("__") for key in value)
        if plain and not isinstance(value, Counter):
            return {key: _encode(one) for key, one in value.items()}
        # MultiStepLR keeps its milestones in a Counter, and needs one back.
        kind = "__counter__" if isinstance(value, Counter) else "__items__"
        return {kind: [[_encode(key), _encode(one)] for key, one in value.items()]}
    if isinstance(value, tuple):
        return {"__tuple__": [_encode(one) for one in value]}
    if isinstance(value, list):
        return [_encode(one) for one in value]
    return tidy(value)


def _encode_tensor(tensor: torch.Tensor) -> Tree:
    if nn.parameter.is_lazy(tensor):
        raise CheckpointError(
            "A layer has no shape yet: call the model once on a batch before the first epoch ends."
        )
    host = tensor.detach().cpu()
    try:
        return host.numpy().copy()
    except TypeError:  # NumPy has no such dtype
        bits = _BITS.get(host.dtype.itemsize)
        if bits is None or not host.dtype.is_floating_point or host.layout is not torch.strided:
            raise CheckpointError(
                f"A checkpoint does not keep a {host.layout} tensor of the dtype {host.dtype}: make it "
                f"dense, and of a dtype that NumPy has."
            ) from None
    raw = host.contiguous().view(bits).numpy()
    name = str(host.dtype).removeprefix("torch.")
    return {"bits": raw.view(f"uint{8 * raw.itemsize}").copy(), "dtype": name}


def _decode(tree: Tree) -> Any:
    if isinstance(tree, np.ndarray):
        return torch.tensor(tree)
    if isinstance(tree, list):
        return [_decode(one) for one in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.keys() == {"bits", "dtype"}:
        raw: Array = tree["bits"]
        kind = torch.tensor(raw.view("int16") if raw.itemsize == 2 else raw)
        return kind.view(getattr(torch, tree["dtype"]))
    match next(iter(tree), None):
        case "__numpy__":
            return tree["__numpy__"].copy()
        case "__tuple__":
            return tuple(_decode(one) for one in tree["__tuple__"])
        case "__items__" | "__counter__" as kind:
            items = {_decode(key): _decode(one) for key, one in tree[kind]}
            return Counter(items) if kind == "__counter__" else items
    return {key: _decode(one) for key, one in tree.items()}
