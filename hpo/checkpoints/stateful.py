"""Objects that say themselves which part of them is kept."""

from __future__ import annotations

from inspect import getattr_static
from typing import Any, Protocol, runtime_checkable

from hpo.backend import Tree


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
        >>> _ = restore(again, state)
        >>> again.wait
        3
    """

    def checkpoint_state(self) -> Tree:
        """Its state: nested dicts and lists of NumPy arrays and JSON scalars."""
        ...

    def load_checkpoint_state(self, state: Tree) -> None:
        """Restore the state that `checkpoint_state` returned."""
        ...


def is_stateful(thing: Any) -> bool:
    """Whether an object has the two methods of `Stateful`."""
    if isinstance(thing, type):
        return False
    # Without calling `__getattr__`, which may find an attribute of any name: nnx.Rngs makes streams so.
    methods = ("checkpoint_state", "load_checkpoint_state")
    return all(getattr_static(thing, method, None) is not None for method in methods)
