"""Captures and restores the state of an object of any framework.

An object with the two methods of `Stateful` says itself what is kept of it. Of a NumPy array its numbers are
kept, and of a dict or a list the plain Python state in it. Keras' objects are kept alike on each of its
engines, and without a backend. Anything else belongs to the backend whose framework defines one of the
object's base classes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol, runtime_checkable
from weakref import WeakKeyDictionary

import numpy as np

from hpo.backend import Array, Backend, Tree, registry
from hpo.backend.keras_engine import KERAS
from hpo.checkpoints.keras_objects import KerasObjects
from hpo.checkpoints.plain import capture_plain, check_mutable, decoded, is_container, restore_plain
from hpo.checkpoints.trees import check_array, tidy
from hpo.errors import BackendError, CheckpointError


class Keeper(Protocol):
    """Keeps objects of some classes; each backend is one."""

    def capture(self, thing: Any) -> Tree:
        """A copy of the object's state."""
        ...

    def restore(self, thing: Any, tree: Tree) -> None:
        """Put a state into the object, in place."""
        ...


class _PlainKeeper:
    """Keeps objects whose `state_dict()` is plain Python."""

    def capture(self, thing: Any) -> Tree:
        """See `Keeper`."""
        return capture_plain(thing.state_dict())

    def restore(self, thing: Any, tree: Tree) -> None:
        """See `Keeper`."""
        thing.load_state_dict(decoded(tree, type(thing).__name__))


# Weak, as a notebook defines a class anew with each run of its cell.
_keepers: WeakKeyDictionary[type, Keeper] = WeakKeyDictionary()
"""Found once for each class: looking through the entry points takes longer than writing a small file."""


@runtime_checkable
class Stateful(Protocol):
    """An object that says itself which part of it is kept.

    Example:
        >>> from hpo.checkpoints import capture, restore
        >>> class EarlyStopping:
        ...     def __init__(self):
        ...         self.best, self.wait = 1.0, 0
        ...
        ...     def checkpoint_state(self):
        ...         return {"best": self.best, "wait": self.wait}
        ...
        ...     def load_checkpoint_state(self, state):
        ...         self.best, self.wait = state["best"], state["wait"]
        >>> stopping = EarlyStopping()
        >>> stopping.wait = 3
        >>> state, again = capture(stopping), EarlyStopping()
        >>> restore(again, state)
        >>> again.wait
        3
    """

    def checkpoint_state(self) -> Tree:
        """Its state: nested dicts and lists of NumPy arrays and JSON scalars."""
        ...

    def load_checkpoint_state(self, state: Tree) -> None:
        """Restore the state that `checkpoint_state` returned."""
        ...


def capture(thing: Any) -> Tree:
    """Copy what a checkpoint keeps of an object, so that later training does not change it.

    Args:
        thing: a NumPy array, a dict or a list, a `Stateful` object, or a model, optimizer, array or generator
            of a framework whose backend is installed.

    Raises:
        CheckpointError: it cannot be kept; the text says what can be kept.

    Example:
        >>> import numpy as np
        >>> from hpo.checkpoints import capture
        >>> weights = np.ones(3)
        >>> state = capture(weights)
        >>> weights *= 0.5  # training goes on
        >>> state.tolist()
        [1.0, 1.0, 1.0]
    """
    if isinstance(thing, np.ndarray):
        return tidy(thing)
    if is_container(thing):
        return capture_plain(thing)
    if is_stateful(thing):
        return tidy(thing.checkpoint_state(), type(thing).__name__)
    return keeper(thing).capture(thing)


def restore(thing: Any, tree: Tree) -> None:
    """Put a state into an object, in place.

    Args:
        thing: an object of the kind that the state is of.
        tree: what `capture` returned.

    Raises:
        CheckpointError: the state is of another kind of object or of other shapes; the text names both.

    Example:
        >>> import numpy as np
        >>> from hpo.checkpoints import capture, restore
        >>> weights, progress = np.ones(3), {"best": 0.4, "wait": 0}
        >>> states = capture(weights), capture(progress)
        >>> weights *= 0.5
        >>> progress["wait"] = 2
        >>> for thing, state in zip((weights, progress), states, strict=True):
        ...     restore(thing, state)
        >>> weights.tolist(), progress
        ([1.0, 1.0, 1.0], {'best': 0.4, 'wait': 0})
    """
    if isinstance(thing, np.ndarray):
        _restore_array(thing, tree)
    elif is_container(thing):
        restore_plain(thing, tree)
    elif is_stateful(thing):
        thing.load_checkpoint_state(tree)
    else:
        keeper(thing).restore(thing, tree)


def is_stateful(thing: Any) -> bool:
    """Whether an object has the two methods of `Stateful`."""
    return isinstance(thing, Stateful) and not isinstance(thing, type)


def check_keepable(name: str, thing: Any) -> None:
    """Raise `CheckpointError` if an object cannot be kept under a name; the text says what can be kept."""
    check_mutable(name, thing)
    if is_container(thing):
        capture_plain(thing)
    elif not isinstance(thing, np.ndarray) and not is_stateful(thing):
        keeper(thing)


def keeper(thing: Any) -> Keeper:
    """What knows how to keep an object: the backend of its framework.

    An object of no framework that has `state_dict()` and `load_state_dict()` belongs to the first imported
    framework that takes it. If none does, its state is plain Python.

    Raises:
        CheckpointError: there is none.
    """
    kind = type(thing)
    if kind not in _keepers:
        _keepers[kind] = _find_keeper(thing)
    return _keepers[kind]


def _find_keeper(thing: Any) -> Keeper:
    # Of its bases, too: a user's network is defined in their own module, and derives from the framework's.
    bases = {base.__module__.partition(".")[0] for base in type(thing).__mro__}
    # On each engine Keras' classes derive from those of the engine, too; a backend's own from Keras'.
    if KERAS in bases and not bases & registry.packages():
        return KerasObjects()
    imported = [name for name in registry.registered() if name in sys.modules]
    # The one that is named like a base comes first, so that others need not be loaded.
    names = sorted(imported, key=lambda name: name not in bases)
    for backend in _working(names):
        if bases & set(backend.modules):
            return backend
    backends = list(_working(names))
    # To try is the only way to know: such an object derives from no class of the framework that it holds.
    if hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict"):
        for backend in backends:
            with suppress(CheckpointError):
                backend.capture(thing)
                return backend
        if is_container(thing.state_dict()):
            # At once, as what cannot be kept is an error before the first epoch.
            _PlainKeeper().capture(thing)
            return _PlainKeeper()
    here = ", ".join(sorted(backend.name for backend in backends))
    raise CheckpointError(
        f"A checkpoint keeps NumPy arrays, dicts and lists of plain values, models, optimizers and "
        f"generators of a framework (here: {here}), and objects with state_dict() and "
        f"load_state_dict(state), or with checkpoint_state() and load_checkpoint_state(state); received a "
        f"{type(thing).__name__}. Of anything else keep plain values: state = {{'best': 0.5, 'wait': 0}}; "
        f"trial.checkpoint(state=state)."
    )


def _working(names: Iterable[str]) -> Iterator[Backend]:
    """The backends of these names that work here."""
    for name in names:
        with suppress(BackendError):
            yield registry.load(name)


def _restore_array(array: Array, tree: Tree) -> None:
    check_array(array, tree)
    if not array.flags.writeable:
        raise CheckpointError(
            "A checkpoint is restored in place, and the array is read-only: attach a copy of it."
        )
    array[...] = tree
