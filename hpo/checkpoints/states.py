"""Captures and restores the state of an object of any framework.

An object with the two methods of `Stateful` says itself what is kept of it. Of a NumPy array its numbers are
kept, and of a dict or a list what lies in it. Keras' objects are kept alike on each of its engines, and
without a backend. Anything else belongs to the backend whose framework defines one of the object's base
classes, or that keeps it as something that cannot be changed in place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from hpo.backend import Array, Backend, Tree, registry
from hpo.backend.keras_engine import KERAS
from hpo.checkpoints.contents import filled_plain, restore_plain
from hpo.checkpoints.keras_objects import KerasObjects
from hpo.checkpoints.plain import (
    Kept,
    capture_plain,
    check_mutable,
    is_container,
    is_plain_kind,
    unchangeable,
)
from hpo.checkpoints.stateful import is_stateful
from hpo.checkpoints.trees import check_array, tidy
from hpo.errors import BackendError, CheckpointError


class Keeper(Protocol):
    """Keeps objects of some classes; each backend is one."""

    def capture(self, thing: Any) -> Tree:
        """A copy of the object's state."""
        ...

    def restore(self, thing: Any, tree: Tree) -> Any:
        """The object with a state: itself, or a new one if it cannot be changed in place."""
        ...


class _PlainKeeper:
    """Keeps objects whose `state_dict()` is a dict or a list."""

    def capture(self, thing: Any) -> Tree:
        """See `Keeper`."""
        return capture_plain(thing.state_dict(), _keep)

    def restore(self, thing: Any, tree: Tree) -> Any:
        """See `Keeper`."""
        thing.load_state_dict(filled_plain(thing.state_dict(), tree, type(thing).__name__, _put))
        return thing


# Weak, as a notebook defines a class anew with each run of its cell.
_keepers: WeakKeyDictionary[type, Keeper] = WeakKeyDictionary()
"""Found once for each class: looking through the entry points takes longer than writing a small file."""

_OF_PYTHON = {"builtins", "collections"}
"""The modules of Python's own containers, which no framework keeps."""


def capture(thing: Any) -> Tree:
    """Copy what a checkpoint keeps of an object, so that later training does not change it.

    Args:
        thing: a NumPy array, a `Stateful` object, a model, optimizer, array or generator of a framework whose
            backend is installed, or a dict or a list of such things and plain values.

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
        return capture_plain(thing, _keep)
    if is_stateful(thing):
        return tidy(thing.checkpoint_state(), type(thing).__name__)
    return keeper(thing).capture(thing)


def restore(thing: Any, tree: Tree) -> Any:
    """Put a state into an object, in place where it can be changed.

    Args:
        thing: an object of the kind that the state is of.
        tree: what `capture` returned.

    Returns:
        The same object; a new one if it cannot be changed in place, such as a JAX array.

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
        ...     _ = restore(thing, state)
        >>> weights.tolist(), progress
        ([1.0, 1.0, 1.0], {'best': 0.4, 'wait': 0})
    """
    if isinstance(thing, np.ndarray):
        _restore_array(thing, tree)
    elif is_container(thing):
        restore_plain(thing, tree, _put)
    elif is_stateful(thing):
        thing.load_checkpoint_state(tree)
    else:
        restored = keeper(thing).restore(thing, tree)
        # A backend whose things can all be changed in place may return nothing.
        return thing if restored is None else restored
    return thing


def check_keepable(name: str, thing: Any) -> None:
    """Raise `CheckpointError` if an object cannot be kept under a name; the text says what can be kept."""
    if is_container(thing):
        capture_plain(thing, _check)
    elif _check(thing) is None:
        check_mutable(name, thing)
        raise _nothing_to_keep(thing)
    elif is_immutable(thing):
        raise unchangeable(name, f"a {type(thing).__name__}")


def is_immutable(thing: Any) -> bool:
    """Whether a backend keeps an object that cannot be changed in place: `restore` makes a new one."""
    if isinstance(thing, np.ndarray) or is_container(thing) or is_stateful(thing):
        return False
    found = _keeper(thing)
    return found is not None and _calls_immutable(found, thing)


def _keep(thing: Any) -> Kept | None:
    """Capture an object that lies in a dict or a list."""
    kind = type(thing).__name__
    if is_stateful(thing):
        return Kept(kind, None, capture(thing))
    found = _keeper_inside(thing)
    return None if found is None else Kept(kind, getattr(found, "name", None), found.capture(thing))


def _check(thing: Any) -> Kept | None:
    """As `_keep`, without what it costs to capture what may have no numbers yet, such as a lazy layer."""
    if isinstance(thing, np.ndarray) or is_stateful(thing):
        return Kept(type(thing).__name__, None, None)
    found = _keeper_inside(thing)
    if found is None:
        return None
    # What is replaced and not changed has all its numbers from the start.
    state = found.capture(thing) if _calls_immutable(found, thing) else None
    return Kept(type(thing).__name__, None, state)


def _keeper_inside(thing: Any) -> Keeper | None:
    found = _keeper(thing)
    # The shape of a tensor is of a class of its framework, and a tuple none the less.
    plain = found is not None and is_plain_kind(thing) and not _calls_immutable(found, thing)
    return None if plain else found


def _put(now: Any, kept: Kept) -> Any:
    """Restore an object that lies in a dict or a list."""
    if kept.backend is not None and isinstance(now, (np.ndarray, np.generic, bool, int, float, complex)):
        # A trial may begin with a number, in whose place its first step puts an array of the framework.
        return registry.load(kept.backend).restore(now, kept.state)
    return restore(now, kept.state)


def _calls_immutable(found: Keeper, thing: Any) -> bool:
    # Third parties' backends may be older than the question.
    asked = getattr(found, "is_immutable", None)
    return asked is not None and bool(asked(thing))


def keeper(thing: Any) -> Keeper:
    """What knows how to keep an object: the backend of its framework.

    An object of no framework belongs to the first imported framework that says that it cannot be changed, as
    JAX does of a named tuple with arrays, or that takes its `state_dict()`. If none does, its `state_dict()`
    is plain Python.

    Raises:
        CheckpointError: there is none.
    """
    found = _keeper(thing)
    if found is None:
        raise _nothing_to_keep(thing)
    return found


def _keeper(thing: Any) -> Keeper | None:
    kind = type(thing)
    if kind not in _keepers:
        found = _find_keeper(thing)
        if found is None:
            return None
        _keepers[kind] = found
    return _keepers[kind]


def _find_keeper(thing: Any) -> Keeper | None:
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
    if bases <= _OF_PYTHON:
        return None
    backends = list(_working(names))
    for backend in backends:
        if _calls_immutable(backend, thing):
            return backend
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
    return None


def _nothing_to_keep(thing: Any) -> CheckpointError:
    imported = [name for name in registry.registered() if name in sys.modules]
    here = ", ".join(sorted(backend.name for backend in _working(imported)))
    return CheckpointError(
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
