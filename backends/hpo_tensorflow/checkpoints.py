"""The state of TensorFlow's own objects and of this package's: what variables they have, in their order.

Keras' objects are kept by `hpo.checkpoints.keras_objects`, with or without this package.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hpo import training
from hpo.backend import CANONICAL, PARAMETERS, Array, Tree
from hpo.checkpoints import check_array, is_plain
from hpo.checkpoints.keras_objects import (
    KerasObjects,
    assign_variable,
    assign_variables,
    layer_state,
    named_variables,
    part_of,
    read_variable,
)
from hpo.errors import CheckpointError

__all__ = ["capture", "is_immutable", "layer_state", "restore"]

_KERAS = (
    keras.Variable,
    keras.random.SeedGenerator,
    keras.layers.Layer,
    keras.optimizers.Optimizer,
    keras.metrics.Metric,
)
_keras_objects = KerasObjects()


def capture(thing: Any) -> Tree:
    """See `hpo.backend.Backend.capture`."""
    if isinstance(thing, _KERAS):
        return _keras_objects.capture(thing)
    if isinstance(thing, tf.Variable):
        return read_variable(thing)
    if isinstance(thing, tf.Tensor):
        return _read_tensor(thing)
    if isinstance(thing, tf.random.Generator):
        return read_variable(thing.state)
    if isinstance(thing, tf.Module):
        return {PARAMETERS: named_variables(_tracked(thing))}
    raise CheckpointError(
        f"Of TensorFlow's objects a checkpoint keeps variables, tensors, modules and generators, and models, "
        f"layers, optimizers and metrics of Keras; received a {type(thing).__name__}."
    )


def restore(thing: Any, tree: Tree) -> Any:
    """See `hpo.backend.Backend.restore`."""
    if isinstance(thing, _KERAS):
        if isinstance(thing, training.Module) and isinstance(tree, dict) and CANONICAL in tree:
            thing.prepare_for(tree[CANONICAL])
        _keras_objects.restore(thing, tree)
    elif isinstance(thing, tf.Variable):
        assign_variable(thing, tree)
    elif isinstance(thing, tf.Tensor):
        return _like(thing, tree)
    elif isinstance(thing, tf.random.Generator):
        assign_variable(thing.state, tree)
    else:
        assign_variables(thing, _tracked(thing), list(part_of(tree, PARAMETERS, thing).values()))
    return thing


def is_immutable(thing: Any) -> bool:
    """See `hpo.backend.Backend.is_immutable`."""
    return isinstance(thing, tf.Tensor)


def _tracked(module: Any) -> list[Any]:
    """The variables of a module, those of Keras' layers inside it too, which `module.variables` lacks."""
    found: dict[int, Any] = {}
    for part in tf.train.TrackableView(module).descendants():
        if isinstance(part, (tf.Variable, keras.Variable)):
            found.setdefault(id(part), part)
        elif isinstance(part, keras.layers.Layer):
            found.update({id(variable): variable for variable in part.variables if id(variable) not in found})
    return list(found.values())


def _like(tensor: Any, tree: Tree) -> Any:
    """A tensor with the checkpoint's numbers, on the device of the present one."""
    if isinstance(tree, dict) and tree.keys() == {"bits", "dtype"}:
        tree = tree["bits"].view(tf.as_dtype(tree["dtype"]).as_numpy_dtype)
    # A shape and a dtype without memory of that size.
    blank = np.broadcast_to(np.zeros((), tensor.dtype.as_numpy_dtype), tuple(tensor.shape))
    check_array(blank, tree)
    with tf.device(tensor.device):
        return tf.constant(tree)


def _read_tensor(tensor: Any) -> Tree:
    if not hasattr(tensor, "numpy"):
        raise CheckpointError(
            f"A tensor of a graph has no numbers yet; received {tensor.name}. Call trial.checkpoint() "
            f"outside of tf.function."
        )
    array: Array = np.array(tensor.numpy())
    # bfloat16 and its like are of dtypes that a checkpoint's file cannot hold.
    if is_plain(array):
        return array
    return {"bits": array.view(f"uint{8 * array.itemsize}"), "dtype": array.dtype.name}
