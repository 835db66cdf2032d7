"""The state of Keras' objects on any engine of Keras: what variables they have, in their order.

Variables are told apart by their order and not by their paths, in which Keras counts the layers that a
program has made. Seed generators are variables too, so that dropout goes on where it was. A program that has
such an object has imported Keras, which is found in `sys.modules`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import numpy as np

from hpo.backend import CANONICAL, PARAMETERS, Array, State, Tree
from hpo.backend.keras_engine import KERAS
from hpo.checkpoints.keras_layout import canonical_state, load_canonical_state, variable_array
from hpo.checkpoints.trees import check_array, check_arrays, is_plain, tidy
from hpo.errors import CheckpointError

VARIABLES = "variables"
_BUILD = "build"
_SEEDS = "seed_generators"


class KerasObjects:
    """The keeper of variables, layers, models, optimizers, metrics and seed generators of Keras."""

    def capture(self, thing: Any) -> Tree:
        """See `hpo.checkpoints.states.Keeper`."""
        keras = sys.modules[KERAS]
        if isinstance(thing, keras.Variable):
            return read_variable(thing)
        if isinstance(thing, keras.random.SeedGenerator):
            return read_variable(thing.state)
        if isinstance(thing, keras.layers.Layer):
            return {PARAMETERS: named_variables(thing.weights), **layer_state(thing)}
        if isinstance(thing, (keras.optimizers.Optimizer, keras.metrics.Metric)):
            return {VARIABLES: [read_variable(variable) for variable in thing.variables]}
        raise CheckpointError(
            f"Of Keras' objects a checkpoint keeps variables, models, layers, optimizers, metrics and seed "
            f"generators; received a {type(thing).__name__}."
        )

    def restore(self, thing: Any, tree: Tree) -> None:
        """See `hpo.checkpoints.states.Keeper`."""
        keras = sys.modules[KERAS]
        if isinstance(thing, keras.Variable):
            assign_variable(thing, tree)
        elif isinstance(thing, keras.random.SeedGenerator):
            assign_variable(thing.state, tree)
        elif isinstance(thing, keras.layers.Layer):
            _restore_layer(thing, tree)
        elif isinstance(thing, keras.optimizers.Optimizer):
            _restore_optimizer(thing, part_of(tree, VARIABLES, thing))
        else:
            assign_variables(thing, thing.variables, part_of(tree, VARIABLES, thing))


def layer_state(layer: Any) -> dict[str, Tree]:
    """What a layer keeps beside its weights: its seed generators, and the shapes that it was built for."""
    try:
        build = tidy(layer.get_build_config())
    except CheckpointError:
        build = None
    return {_SEEDS: [read_variable(variable) for variable in _seed_states(layer)], _BUILD: build}


def named_variables(variables: Sequence[Any]) -> dict[str, Tree]:
    """The values of variables by path, where Keras lets layers share a name."""
    named: dict[str, Tree] = {}
    for variable in variables:
        path = getattr(variable, "path", variable.name)
        number = sum(name.partition("#")[0] == path for name in named)
        named[f"{path}#{number}" if number else path] = read_variable(variable)
    return named


def read_variable(variable: Any) -> Tree:
    """A copy of a variable's numbers.

    bfloat16 and its like are of no kind that a checkpoint's file can hold: of these it has the bits.
    """
    dtype = _dtype(variable)
    if is_plain(np.empty(0, dtype)):
        return variable_array(variable)
    # By way of float32, which has all of their numbers: not every engine hands these types to NumPy.
    array = variable_array(sys.modules[KERAS].ops.cast(variable, "float32")).astype(dtype)
    return {"bits": array.view(f"uint{8 * array.itemsize}"), "dtype": dtype.name}


def assign_variable(variable: Any, tree: Tree) -> None:
    """Give a variable the numbers that `read_variable` returned.

    Raises:
        CheckpointError: they are of another shape or dtype.
    """
    array = _decode(tree)
    check_array(_blank(variable), array)
    _assign(variable, array)


def assign_variables(owner: Any, variables: Sequence[Any], values: Sequence[Tree]) -> None:
    """Give the variables of an object the numbers that `read_variable` returned, in their order.

    Raises:
        CheckpointError: there are others, or of other shapes; the text lists what differs.
    """
    arrays = [_decode(value) for value in values]
    names = [f"{variable.name.partition(':')[0]} (number {i})" for i, variable in enumerate(variables)]
    names += [f"number {i}" for i in range(len(names), len(arrays))]
    expected = dict(zip(names, map(_blank, variables), strict=False))
    check_arrays(type(owner).__name__, expected, dict(zip(names, arrays, strict=False)))
    for variable, array in zip(variables, arrays, strict=True):
        _assign(variable, array)


def part_of(tree: Tree, key: str, thing: Any) -> Any:
    """What a state has under a key.

    Raises:
        CheckpointError: it has no such key, as the state of something else.
    """
    if not isinstance(tree, dict) or key not in tree:
        raise CheckpointError(
            f"The checkpoint holds the state of something else here than of a {type(thing).__name__}."
        )
    return tree[key]


def _restore_layer(layer: Any, tree: Tree) -> None:
    if isinstance(tree, dict) and CANONICAL in tree:
        _load_canonical(layer, tree)
    else:
        values = list(part_of(tree, PARAMETERS, layer).values())
        if len(layer.weights) < len(values):
            _build(layer, tree)
        assign_variables(layer, layer.weights, values)
    if _SEEDS in tree:
        assign_variables(layer, _seed_states(layer), tree[_SEEDS])


def _load_canonical(layer: Any, tree: Tree) -> None:
    state: State = tree[CANONICAL]
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
            zeros = sys.modules[KERAS].ops.zeros
            with suppress(Exception):
                layer(zeros([size or 1 for size in config["input_shape"]]), training=False)


def _restore_optimizer(optimizer: Any, values: Sequence[Tree]) -> None:
    """Put the values into an optimizer, now or as soon as its first step has made the slots."""
    if optimizer.built or len(values) == len(optimizer.variables):
        assign_variables(optimizer, optimizer.variables, values)
        return
    build = optimizer.build

    def build_and_restore(variables: Any) -> None:
        del optimizer.__dict__["build"]
        build(variables)
        with _outside_of_graphs():
            assign_variables(optimizer, optimizer.variables, values)

    optimizer.__dict__["build"] = build_and_restore  # past Keras' tracking of attributes


def _outside_of_graphs() -> AbstractContextManager[Any]:
    """Where what is done is done at once: with TensorFlow the first step may be a graph in the making."""
    tensorflow: Any = sys.modules.get("tensorflow")
    return nullcontext() if tensorflow is None else tensorflow.init_scope()


def _seed_states(layer: Any) -> list[Any]:
    # What is neither a weight nor of a metric is the state of a seed generator.
    known = {id(variable) for variable in (*layer.weights, *layer.metrics_variables)}
    return [variable for variable in layer.variables if id(variable) not in known]


def _assign(variable: Any, array: Array) -> None:
    variable.assign(array.astype("float32") if array.dtype.kind == "V" else array)


def _blank(variable: Any) -> Array:
    # A shape and a dtype without memory of that size.
    return np.broadcast_to(np.zeros((), _dtype(variable)), tuple(variable.shape))


def _dtype(variable: Any) -> np.dtype[Any]:
    # Keras' names are NumPy's; its dependence ml_dtypes has given NumPy those of the narrow types.
    return np.dtype(str(sys.modules[KERAS].backend.standardize_dtype(variable.dtype)))


def _decode(tree: Tree) -> Any:
    if isinstance(tree, dict) and tree.keys() == {"bits", "dtype"}:
        return tree["bits"].view(np.dtype(tree["dtype"]))
    return tree


def _with_tuples(config: Tree) -> Any:
    """Keras' shapes are tuples; a list would be several inputs."""
    if isinstance(config, dict):
        return {key: _with_tuples(value) for key, value in config.items()}
    if isinstance(config, list) and all(size is None or isinstance(size, int) for size in config):
        return tuple(config)
    return [_with_tuples(one) for one in config] if isinstance(config, list) else config
