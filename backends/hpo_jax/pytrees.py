"""Arrays and pytrees of JAX as a checkpoint holds them: each leaf by its path.

What is restored is made anew of the leaves in the checkpoint and of the pytree that is there now: its
structure and its functions never come from a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from hpo.backend import PARAMETERS, Tree
from hpo.checkpoints import check_arrays, is_bits
from hpo.errors import CheckpointError
from hpo_jax.leaves import PLAIN, Leaf, blank, implementation, is_function, is_key, is_weak, read

_WEAK, _KEYS, _NUMPY = "weak", "keys", "numpy"
"""Beside the arrays: whose dtype is a Python number's, which are random keys, which are NumPy's."""


def is_node(thing: Any) -> bool:
    """Whether it is a pytree with a structure of its own, and no leaf."""
    return not jax.tree_util.all_leaves([thing])


def encoded(thing: Any, *, without: str | None = None) -> Tree:
    """The state of an array or a pytree.

    Args:
        thing: an array, or a pytree of arrays, numbers, strings and functions.
        without: an attribute that is left out of paths.

    Raises:
        CheckpointError: a leaf cannot be kept.
    """
    if not is_node(thing):
        tree = read(thing)
        if is_weak(thing):
            return {PARAMETERS: tree, _WEAK: True}
        return {PARAMETERS: tree, _KEYS: implementation(thing)} if is_key(thing) else tree
    leaves = {name: leaf for name, leaf in _named(thing, without) if not is_function(leaf)}
    trees: dict[str, Tree] = {}
    for name, leaf in leaves.items():
        with _lying_at(name, type(thing).__name__):
            trees[name] = read(leaf)
    marks: dict[str, Any] = {
        _WEAK: [name for name, leaf in leaves.items() if is_weak(leaf)],
        _KEYS: {name: implementation(leaf) for name, leaf in leaves.items() if is_key(leaf)},
        _NUMPY: [name for name, leaf in leaves.items() if isinstance(leaf, (np.ndarray, np.generic))],
    }
    return {PARAMETERS: trees, **{kind: names for kind, names in marks.items() if names}}


def decoded(thing: Any, tree: Tree, *, kind: str = "", without: str | None = None) -> Any:
    """An array or a pytree with a state, of the structure and on the devices of the present one.

    Args:
        thing: what is there now.
        tree: what `encoded` returned.
        kind: what it is called in an error.
        without: as it was for `encoded`.

    Raises:
        CheckpointError: the state is of something else; the text lists what differs.
    """
    kind = kind or type(thing).__name__
    if not is_node(thing):
        return _decoded_leaf(thing, tree)
    if not isinstance(tree, dict) or not isinstance(tree.get(PARAMETERS), dict) or is_bits(tree[PARAMETERS]):
        raise something_else(kind)
    weak, keys, of_numpy = set(tree.get(_WEAK, ())), tree.get(_KEYS, {}), set(tree.get(_NUMPY, ()))
    found = {
        name: Leaf(leaf, weak=name in weak, implementation=keys.get(name), of_numpy=name in of_numpy)
        for name, leaf in tree[PARAMETERS].items()
    }
    now = dict(_named(thing, without))
    expected = {name: blank(leaf) for name, leaf in now.items() if not is_function(leaf)}
    check_arrays(kind, expected, {name: leaf.blank for name, leaf in found.items()})
    leaves = []
    for name, leaf in now.items():
        with _lying_at(name, kind):
            leaves.append(leaf if is_function(leaf) else found[name].like(leaf))
    return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(thing), leaves)


def something_else(kind: str) -> CheckpointError:
    """The error for the state of something else."""
    return CheckpointError(f"The checkpoint holds the state of something else here than of a {kind}.")


def _decoded_leaf(now: Any, tree: Tree) -> Any:
    marks = tree if isinstance(tree, dict) and PARAMETERS in tree else {PARAMETERS: tree}
    value = marks[PARAMETERS]
    if not (isinstance(value, (np.ndarray, *PLAIN)) or is_bits(value)):
        raise something_else(type(now).__name__)
    leaf = Leaf(value, weak=_WEAK in marks, implementation=marks.get(_KEYS))
    # Of a number, in whose place the trial put an array, the dtype says nothing.
    if not isinstance(now, jax.Array) and np.shape(now) != leaf.blank.shape:
        raise CheckpointError(
            f"The checkpoint holds an array of the shape {leaf.blank.shape} here; received a "
            f"{type(now).__name__} of the shape {np.shape(now)}. Make it as it was made in the trial."
        )
    return leaf.like(now)


def _named(thing: Any, without: str | None) -> Iterator[tuple[str, Any]]:
    """The leaves of a pytree, each with its path such as `params.layers_0.kernel`."""
    taken: dict[str, int] = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(thing)[0]:
        name = ".".join(_text(step) for step in path if not _has_name(step, without))
        number = taken[name] = taken.get(name, -1) + 1
        yield (f"{name}#{number}" if number else name), leaf


def _has_name(step: Any, attribute: str | None) -> bool:
    return isinstance(step, jax.tree_util.GetAttrKey) and step.name == attribute


def _text(step: Any) -> str:
    """A step of a path: JAX has a class for each kind, with an attribute of its own."""
    found = (getattr(step, attribute) for attribute in ("key", "idx", "name") if hasattr(step, attribute))
    return str(next(found, step))


@contextmanager
def _lying_at(name: str, kind: str) -> Iterator[None]:
    """A block whose errors say where in what the leaf lies."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{error} It lies at {name} in a {kind}.") from error
