"""The state of TensorFlow's own objects and of this package's: what variables they have, in their order.

Keras' objects are kept by `hpo.checkpoints.keras_objects`, with or without this package.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from hpo import training
from hpo.backend import CANONICAL, PARAMETERS, Tree
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

__all__ = ["capture", "layer_state", "restore"]

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
    if isinstance(thing, tf.random.Generator):
        return read_variable(thing.state)
    if isinstance(thing, tf.Module):
        return {PARAMETERS: named_variables(_tracked(thing))}
    raise CheckpointError(
        f"Of TensorFlow's objects a checkpoint keeps variables, modules and generators, and models, layers, "
        f"optimizers and metrics of Keras; received a {type(thing).__name__}."
    )


def restore(thing: Any, tree: Tree) -> None:
    """See `hpo.backend.Backend.restore`."""
    if isinstance(thing, _KERAS):
        if isinstance(thing, training.Module) and isinstance(tree, dict) and CANONICAL in tree:
            thing.prepare_for(tree[CANONICAL])
        _keras_objects.restore(thing, tree)
    elif isinstance(thing, tf.Variable):
        assign_variable(thing, tree)
    elif isinstance(thing, tf.random.Generator):
        assign_variable(thing.state, tree)
    else:
        assign_variables(thing, _tracked(thing), list(part_of(tree, PARAMETERS, thing).values()))


def _tracked(module: Any) -> list[Any]:
    """The variables of a module, those of Keras' layers inside it too, which `module.variables` lacks."""
    found: dict[int, Any] = {}
    for part in tf.train.TrackableView(module).descendants():
        if isinstance(part, (tf.Variable, keras.Variable)):
            found.setdefault(id(part), part)
        elif isinstance(part, keras.layers.Layer):
            found.update({id(variable): variable for variable in part.variables if id(variable) not in found})
    return list(found.values())
