"""The state of JAX's objects: arrays, random keys, pytrees, and the objects of Flax NNX.

Arrays and pytrees cannot be changed: they are restored as new ones, with the structure and the functions of
those that are there. What NNX makes is changed in place.
"""

from __future__ import annotations

from typing import Any

import jax
from flax import linen, nnx

from hpo import training
from hpo.backend import CANONICAL, PARAMETERS, State, Tree
from hpo.checkpoints import check_arrays
from hpo.errors import CheckpointError
from hpo_jax.leaves import is_function, is_leaf
from hpo_jax.pytrees import decoded, encoded, is_node, something_else
from hpo_jax.states import BESIDE, canonical_state, load_canonical_state

VARIABLES = "variables"
OTHERS = "others"
_VALUE = "value"
"""The attribute of an `nnx.Variable` that has its array."""


def capture(thing: Any) -> Tree:
    """See `hpo.backend.Backend.capture`."""
    if isinstance(thing, nnx.Variable):
        return encoded(thing.get_value())
    if isinstance(thing, nnx.Module):
        return _state_of(thing)
    if isinstance(thing, nnx.Pytree):
        return {VARIABLES: _state_of(thing)}
    if not isinstance(thing, jax.Array) and not is_node(thing):
        raise CheckpointError(
            f"Of JAX's objects a checkpoint keeps arrays, random keys, pytrees of them, and the modules, "
            f"optimizers, metrics and streams of flax.nnx; received a {type(thing).__name__}. A module of "
            f"flax.linen has no arrays itself: keep those that its init() made, "
            f"state = {{'params': params}}; trial.checkpoint(state=state)."
        )
    leaves = jax.tree_util.tree_leaves(thing)
    if leaves and all(map(is_function, leaves)):
        raise CheckpointError(
            f"A {type(thing).__name__} has functions and no arrays, so there is nothing to keep of it. Of an "
            f"Optax optimizer keep what its init() made, state = {{'opt_state': opt_state}}; "
            f"trial.checkpoint(state=state)."
        )
    return encoded(thing)


def restore(thing: Any, tree: Tree) -> Any:
    """See `hpo.backend.Backend.restore`."""
    if isinstance(thing, nnx.Variable):
        thing.set_value(decoded(thing.get_value(), tree))
    elif isinstance(thing, nnx.Module):
        _restore_module(thing, tree)
    elif isinstance(thing, nnx.Pytree):
        if not isinstance(tree, dict) or VARIABLES not in tree:
            raise something_else(type(thing).__name__)
        _update(thing, nnx.state(thing), tree[VARIABLES])
    else:
        return decoded(thing, tree)
    return thing


def is_immutable(thing: Any) -> bool:
    """See `hpo.backend.Backend.is_immutable`."""
    if isinstance(thing, (jax.Array, linen.Module)):
        return True
    if isinstance(thing, (nnx.Variable, nnx.Pytree)) or not is_node(thing):
        return False
    leaves = jax.tree_util.tree_leaves(thing)
    # A named tuple that holds objects of others, and no array of JAX, is not ours.
    return all(map(is_leaf, leaves)) or any(isinstance(leaf, jax.Array) for leaf in leaves)


def other_state(model: nnx.Module) -> dict[str, Tree]:
    """What a model keeps beside its canonical state, such as its random streams: so dropout goes on."""
    return {OTHERS: encoded(nnx.state(model, BESIDE), without=_VALUE)}


def _state_of(thing: Any) -> Tree:
    return encoded(nnx.state(thing), without=_VALUE)


def _restore_module(model: Any, tree: Tree) -> None:
    if isinstance(tree, dict) and CANONICAL in tree:
        _load_canonical(model, tree[CANONICAL])
        if OTHERS in tree:
            _update(model, nnx.state(model, BESIDE), tree[OTHERS])
    elif isinstance(tree, dict) and PARAMETERS in tree:
        _update(model, nnx.state(model), tree)
    else:
        raise something_else(type(model).__name__)


def _load_canonical(model: Any, state: State) -> None:
    if isinstance(model, training.Module):
        model.prepare_for(state)
    check_arrays(type(model).__name__, canonical_state(model), state)
    load_canonical_state(model, state)


def _update(thing: Any, now: Any, tree: Tree) -> None:
    nnx.update(thing, decoded(now, tree, kind=type(thing).__name__, without=_VALUE))
