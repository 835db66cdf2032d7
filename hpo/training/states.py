"""The names and shapes in the state of a run of any model; see `hpo.backend.Run.state`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hpo.backend import DType, Member
from hpo.backend.models import Array, Dense, Model, State
from hpo.backend.optimizers import Optimizer

DROPOUT_STEPS = "dropout.steps"


def parameter_shapes(model: Model) -> dict[str, tuple[int, ...]]:
    """The shapes of a model's parameters by canonical name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for index, layer in enumerate(model.layers):
        num_outputs = layer.num_outputs if isinstance(layer, Dense) else layer.out_channels
        shapes[f"layers.{index}.weight"] = layer.shape
        shapes[f"layers.{index}.bias"] = (num_outputs,)
    return shapes


def has_dropout(model: Model) -> bool:
    """Whether training steps of a model draw masks."""
    return any(isinstance(layer, Dense) and layer.dropout for layer in model.layers)


def count_names(model: Model, optimizer: Optimizer) -> tuple[str, ...]:
    """The names of the counts of steps that a run of this model keeps."""
    return (*optimizer.counts, *([DROPOUT_STEPS] if has_dropout(model) else []))


def complete_state(member: Member, state: Mapping[str, Array], dtype: DType) -> State:
    """A state with all that a run of `member` needs, in its dtype.

    Slots and counts that the state lacks are those of a fresh start. What the member does not need, such as
    the slots of another optimizer, is left out.

    Raises:
        ValueError: a parameter is missing or has another shape, or a slot is incomplete.
    """
    shapes, optimizer = parameter_shapes(member.model), member.optimizer
    complete = {name: _checked(state, name, shape, dtype) for name, shape in shapes.items()}
    # All or none: Adam corrects the bias of its moments by the count of the steps that made them.
    started = all(count in state for count in optimizer.counts)
    for slot in optimizer.slots:
        started = started and any(f"{slot}.{name}" in state for name in shapes)
    for slot in optimizer.slots:
        for name, shape in shapes.items():
            own = f"{slot}.{name}"
            complete[own] = _checked(state, own, shape, dtype) if started else np.zeros(shape, dtype)
    for count in count_names(member.model, optimizer):
        fresh = count in optimizer.counts and not started
        complete[count] = np.array(0 if fresh else state.get(count, 0), np.int64)
    return complete


def _checked(state: Mapping[str, Array], name: str, shape: tuple[int, ...], dtype: DType) -> Array:
    if name not in state:
        raise ValueError(f"The state must have {name!r} of shape {shape}; it has {', '.join(state)}.")
    value = np.array(state[name], dtype)
    if value.shape != shape:
        raise ValueError(f"{name!r} of the state must have the shape {shape}; received {value.shape}.")
    return value
