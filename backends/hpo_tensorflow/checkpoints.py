"""The state of TensorFlow's and Keras' objects: what variables they have, in their order.

Variables are told apart by their order and not by their paths, in which Keras counts the layers that a
program has made. Seed generators are variables too, so that dropout goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hpo import training
from hpo.backend import CANONICAL, PARAMETERS, Array, State, Tree
from hpo.checkpoints import check_array, check_arrays, is_plain, tidy
from hpo.errors import CheckpointError
from hpo_tensorflow.states import canonical_state, load_canonical_state

VARIABLES = "variables"
_BUILD = "build"
_SEEDS = "seed_generators"


def capture(thing: Any) -> Tree:
    """See `hpo.backend.Backend.capture`."""
    if isinstance(thing, (tf.Variable, keras.Variable)):
        return _read(thing)
    if isinstance(thing, tf.Tensor):
        return _read_tensor(thing)
    if isinstance(thing, (keras.random.SeedGenerator, tf.random.Generator)):
        return _read(thing.state)
    if isinstance(thing, keras.layers.Layer):
        return {PARAMETERS: _named(thing.weights), **layer_state(thing)}
    if isinstance(thing, (keras.optimizers.Optimizer, keras.metrics.Metric)):
        return {VARIABLES: [_read(variable) for variable in thing.variables]}
    if isinstance(thing, tf.Module):
        return {PARAMETERS: _named(_tracked(thing))}
    raise CheckpointError(
        f"Of TensorFlow's objects a checkpoint keeps variables, tensors, models, layers, modules, "
        f"optimizers, metrics and generators; received a {type(thing).__name__}."
    )


def restore(thing: Any, tree: Tree) -> Any:
    """See `hpo.backend.Backend.restore`."""
    if isinstance(thing, (tf.Variable, keras.Variable)):
        _assign(thing, tree)
    elif isinstance(thing, tf.Tensor):
        return _like(thing, tree)
    elif isinstance(thing, (keras.random.SeedGenerator, tf.random.Generator)):
        _assign(thing.state, tree)
    elif isinstance(thing, keras.layers.Layer):
        _restore_layer(thing, tree)
    elif isinstance(thing, keras.optimizers.Optimizer):
        _restore_optimizer(thing, _part(tree, VARIABLES, thing))
    elif isinstance(thing, tf.Module):
        _assign_all(thing, _tracked(thing), list(_part(tree, PARAMETERS, thing).values()))
    else:
        values = _part(tree, VARIABLES, thing)
        _assign_all(thing, thing.variables, values)
    return thing


def is_immutable(thing: Any) -> bool:
    """See `hpo.backend.Backend.is_immutable`."""
    return isinstance(thing, tf.Tensor)


def layer_state(layer: Any) -> dict[str, Tree]:
    """What a layer keeps beside its weights: its seed generators, and the shapes that it was built for."""
    try:
        build = tidy(layer.get_build_config())
    except CheckpointError:
        build = None
    return {_SEEDS: [_read(variable) for variable in _seed_states(layer)], _BUILD: build}


def _restore_layer(layer: Any, tree: Tree) -> None:
    if isinstance(tree, dict) and CANONICAL in tree:
        _load_canonical(layer, tree)
    else:
        values = list(_part(tree, PARAMETERS, layer).values())
        if len(layer.weights) < len(values):
            _build(layer, tree)
        _assign_all(layer, layer.weights, values)
    if _SEEDS in tree:
        _assign_all(layer, _seed_states(layer), tree[_SEEDS])


def _load_canonical(layer: Any, tree: Tree) -> None:
    state: State = tree[CANONICAL]
    if isinstance(layer, training.Module):
        layer.prepare_for(state)
    if len(layer.weights) < len(state):
        _build(layer, tree)
    check_arrays(type(layer).__name__, canonical_state(layer), state)
    load_canonical_state(layer, state)


def _build(layer: Any, tree: Tree) -> None:
    """Make the variables of a layer that was not called yet, as far as Keras knows how.

    The comparison with the checkpoint names what remains unmade.
    """
    config = _with_tuples(tree.get(_BUILD))
    if config:
        with suppress(Exception):
            layer.build_from_config(config)
        if not layer.weights and "input_shape" in config:
            with suppress(Exception):
                layer(tf.zeros([size or 1 for size in config["input_shape"]]), training=False)


def _restore_optimizer(optimizer: Any, values: Sequence[Tree]) -> None:
    """Put the values into an optimizer, now or as soon as its first step has made the slots."""
    if optimizer.built or len(values) == len(optimizer.variables):
        _assign_all(optimizer, optimizer.variables, values)
        return
    build = optimizer.build

    def build_and_restore(variables: Any) -> None:
        del optimizer.__dict__["build"]
        build(variables)
        with tf.init_scope():  # the first step may be a graph in the making
            _assign_all(optimizer, optimizer.variables, values)

    optimizer.__dict__["build"] = build_and_restore  # past Keras' tracking of attributes


def _seed_states(layer: Any) -> list[Any]:
    # What is neither a weight nor of a metric is the state of a seed generator.
    known = {id(variable) for variable in (*layer.weights, *layer.metrics_variables)}
    return [variable for variable in layer.variables if id(variable) not in known]


def _tracked(module: Any) -> list[Any]:
    """The variables of a module, those of Keras' layers inside it too, which `module.variables` lacks."""
    found: dict[int, Any] = {}
    for part in tf.train.TrackableView(module).descendants():
        if isinstance(part, (tf.Variable, keras.Variable)):
            found.setdefault(id(part), part)
        elif isinstance(part, keras.layers.Layer):
            found.update({id(variable): variable for variable in part.variables if id(variable) not in found})
    return list(found.values())


def _named(variables: Sequence[Any]) -> dict[str, Tree]:
    named: dict[str, Tree] = {}
    for variable in variables:
        path = getattr(variable, "path", variable.name)
        # Keras lets layers share a name.
        number = sum(name.partition("#")[0] == path for name in named)
        named[f"{path}#{number}" if number else path] = _read(variable)
    return named


def _assign_all(owner: Any, variables: Sequence[Any], values: Sequence[Tree]) -> None:
    arrays = [_decode(value) for value in values]
    names = [f"{variable.name.partition(':')[0]} (number {i})" for i, variable in enumerate(variables)]
    names += [f"number {i}" for i in range(len(names), len(arrays))]
    expected = dict(zip(names, map(_blank, variables), strict=False))
    check_arrays(type(owner).__name__, expected, dict(zip(names, arrays, strict=False)))
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _assign(variable: Any, tree: Tree) -> None:
    array = _decode(tree)
    check_array(_blank(variable), array)
    variable.assign(array)


def _blank(variable: Any) -> Array:
    # A shape and a dtype without memory of that size.
    return np.broadcast_to(np.zeros((), tf.as_dtype(variable.dtype).as_numpy_dtype), tuple(variable.shape))


def _like(tensor: Any, tree: Tree) -> Any:
    """A tensor with the checkpoint's numbers, on the device of the present one."""
    array = _decode(tree)
    check_array(_blank(tensor), array)
    with tf.device(tensor.device):
        return tf.constant(array)


def _read_tensor(tensor: Any) -> Tree:
    if not hasattr(tensor, "numpy"):
        raise CheckpointError(
            f"A tensor of a graph has no numbers yet; received {tensor.name}. Call trial.checkpoint() "
            f"outside of tf.function."
        )
    return _read(tensor)


def _read(variable: Any) -> Tree:
    array: Array = np.array(variable.numpy())
    # bfloat16 and its like are of dtypes that a checkpoint's file cannot hold.
    if is_plain(array):
        return array
    return {"bits": array.view(f"uint{8 * array.itemsize}"), "dtype": array.dtype.name}


def _decode(tree: Tree) -> Any:
    if isinstance(tree, dict) and tree.keys() == {"bits", "dtype"}:
        return tree["bits"].view(tf.as_dtype(tree["dtype"]).as_numpy_dtype)
    return tree


def _part(tree: Tree, key: str, thing: Any) -> Any:
    if not isinstance(tree, dict) or key not in tree:
        raise CheckpointError(
            f"The checkpoint holds the state of something else here than of a {type(thing).__name__}."
        )
    return tree[key]


def _with_tuples(config: Tree) -> Any:
    """Keras' shapes are tuples; a list would be several inputs."""
    if isinstance(config, dict):
        return {key: _with_tuples(value) for key, value in config.items()}
    if isinstance(config, list) and all(size is None or isinstance(size, int) for size in config):
        return tuple(config)
    return [_with_tuples(one) for one in config] if isinstance(config, list) else config
