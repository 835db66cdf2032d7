"""The state of models and optimizers that are written in NumPy, and of NumPy's generators.

The state of an object is its attributes that are arrays, generators, numbers, strings, objects which keep
their own state, and lists and dicts of these; other attributes are left alone.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from hpo import training
from hpo.backend import CANONICAL, PARAMETERS, Array, Tree
from hpo.checkpoints import capture as capture_any
from hpo.checkpoints import check_arrays, is_stateful, tidy
from hpo.checkpoints import restore as restore_any
from hpo.errors import CheckpointError
from hpo_numpy.sgd import SGD

ATTRIBUTES = "attributes"
_OWN = "__own__"
_GENERATOR = "__generator__"
_Generator: TypeAlias = np.random.Generator | np.random.RandomState | np.random.BitGenerator
_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator)


def capture(thing: Any) -> Tree:
    """See `hpo.backend.Backend.capture`."""
    if isinstance(thing, (np.ndarray, *_GENERATORS)):
        return _encode(thing)
    if _is_model(thing):
        return {PARAMETERS: tidy(thing.parameters), ATTRIBUTES: attributes(thing)}
    if isinstance(thing, SGD):
        return {ATTRIBUTES: attributes(thing)}
    raise CheckpointError(
        f"Of NumPy's objects a checkpoint keeps arrays, random generators, and the models and optimizers of "
        f"hpo_numpy; received a {type(thing).__name__}. An object of your own is kept if it has "
        f"checkpoint_state() and load_checkpoint_state(state)."
    )


def restore(thing: Any, tree: Tree) -> Any:
    """See `hpo.backend.Backend.restore`."""
    if isinstance(thing, _GENERATORS) and isinstance(tree, dict) and _GENERATOR in tree:
        _decode(thing, tree)
    elif _is_model(thing) and isinstance(tree, dict) and {PARAMETERS, CANONICAL} & tree.keys():
        _restore_module(thing, tree)
    elif isinstance(thing, SGD) and isinstance(tree, dict) and tree.keys() == {ATTRIBUTES}:
        set_attributes(thing, tree[ATTRIBUTES])
    else:
        raise CheckpointError(
            f"The checkpoint holds the state of something else here than of a {type(thing).__name__}."
        )
    return thing


def attributes(thing: Any) -> dict[str, Tree]:
    """The attributes of an object that a checkpoint can keep, except a model's parameters."""
    kept = {}
    for name, value in vars(thing).items():
        if not (_is_model(thing) and name == "parameters"):
            try:
                kept[name] = _encode(value)
            except CheckpointError:
                continue
    return kept


def set_attributes(thing: Any, kept: dict[str, Tree]) -> None:
    """Make an object's attributes what they were."""
    for name, tree in kept.items():
        setattr(thing, name, _decode(getattr(thing, name, None), tree))


def _is_model(thing: Any) -> bool:
    # hpo_numpy.Module, whose file imports the backend and so cannot be imported here; other backends' models
    # never come to this one.
    return isinstance(thing, training.Module)


def _restore_module(model: Any, tree: dict[str, Tree]) -> None:
    found: dict[str, Array] = tree[CANONICAL] if CANONICAL in tree else tree[PARAMETERS]
    model.prepare_for(found)
    # A model that makes its parameters in its first step has none to compare with.
    if model.parameters or CANONICAL in tree:
        check_arrays(type(model).__name__, model.parameters, found)
    # A state of another precision is converted to that of the model.
    dtypes = {name: value.dtype for name, value in model.parameters.items()}
    model.parameters = {name: value.astype(dtypes.get(name, value.dtype)) for name, value in found.items()}
    set_attributes(model, tree.get(ATTRIBUTES, {}))


def _encode(value: Any) -> Tree:
    if isinstance(value, _GENERATORS):
        return {_GENERATOR: tidy(_state_of(value))}
    if is_stateful(value):
        return {_OWN: capture_any(value)}
    if isinstance(value, dict):
        return {key: _encode(one) for key, one in value.items()} if _is_plain(value) else tidy(value)
    if isinstance(value, (list, tuple)):
        return [_encode(one) for one in value]
    return tidy(value)


def _is_plain(value: dict[Any, Any]) -> bool:
    return all(isinstance(key, str) for key in value)


def _decode(current: Any, tree: Tree) -> Any:
    """The value that an attribute had; generators and objects in its present value are restored in place."""
    if isinstance(tree, np.ndarray):
        return tree.copy()
    if isinstance(tree, list):
        # The list may have another length now; plain values need no counterpart in it.
        now = [*current, *[None] * len(tree)] if isinstance(current, (list, tuple)) else [None] * len(tree)
        then = [_decode(one, part) for one, part in zip(now, tree, strict=False)]
        return tuple(then) if isinstance(current, tuple) else then
    if not isinstance(tree, dict):
        return tree
    if _GENERATOR in tree:
        _set_state(current, tree[_GENERATOR])
        return current
    if _OWN in tree:
        restore_any(current, tree[_OWN])
        return current
    known = current if isinstance(current, dict) else {}
    return {key: _decode(known.get(key), one) for key, one in tree.items()}


def _state_of(generator: _Generator) -> Any:
    if isinstance(generator, np.random.RandomState):
        # A dict with names, where the legacy form is a tuple.
        return generator.get_state(legacy=False)
    bits = generator.bit_generator if isinstance(generator, np.random.Generator) else generator
    return bits.state


def _set_state(generator: Any, state: Tree) -> None:
    if not isinstance(generator, _GENERATORS):
        raise CheckpointError(
            f"The checkpoint holds the state of a random generator; received a {type(generator).__name__}."
        )
    try:
        if isinstance(generator, np.random.RandomState):
            generator.set_state(state)
        else:
            bits = generator.bit_generator if isinstance(generator, np.random.Generator) else generator
            bits.state = state
    except (TypeError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"The checkpoint's random generator is of another kind, {state.get('bit_generator')}: {error}. "
            f"Make it as it was made in the trial."
        ) from error
