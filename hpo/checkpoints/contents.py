"""What lay in a dict or a list, back in its place.

A dict or a list is restored in place: a variable that holds it sees what it was. So are the arrays and the
objects in it. What cannot be changed, such as a JAX array, is made anew and put where the old one was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hpo.backend import Tree
from hpo.checkpoints.plain import Container, Kept, decoded, key_text
from hpo.checkpoints.trees import below, described, same_tree
from hpo.errors import CheckpointError

_NOTHING = object()
"""Stands for what is there now, where nothing is."""

_NO_TEMPLATES = (dict, list, tuple, str, type(None))


def restore_plain(thing: Container, tree: Tree, put: Callable[[Any, Kept], Any]) -> None:
    """Make a dict or a list what it was, in place.

    The dicts, lists and arrays in it stay the same objects where there is one of the same kind in the same
    place, and are new ones elsewhere.

    Args:
        thing: the dict or the list.
        tree: what `capture_plain` returned.
        put: restores an object that is not plain, of the one that is in its place, and returns it.

    Raises:
        CheckpointError: the checkpoint holds something else here, or there is nothing in the place of an
            object that is not plain.
    """
    found = decoded(tree, type(thing).__name__)
    if type(found) is not type(thing):
        raise CheckpointError(
            f"The checkpoint holds a {type(found).__name__} here; the one to restore is a "
            f"{type(thing).__name__}. Attach what the trial attached when it was written."
        )
    _Refill(put, in_place=True).value(thing, found, "")


def filled_plain(template: Any, tree: Tree, expected: str, put: Callable[[Any, Kept], Any]) -> Any:
    """The dict or the list that was captured, as a new one.

    Args:
        template: what is there now, whose objects that are not plain are restored.
        tree: what `capture_plain` returned.
        expected: what it is to go into, for the error.
        put: see `restore_plain`.

    Raises:
        CheckpointError: see `restore_plain`.
    """
    return _Refill(put, in_place=False).value(template, decoded(tree, expected), "")


class _Refill:
    def __init__(self, put: Callable[[Any, Kept], Any], *, in_place: bool) -> None:
        self._put = put
        self._in_place = in_place
        # One that is in two places now was two then, perhaps.
        self._refilled: set[int] = set()
        self._restored: dict[int, tuple[str, Kept]] = {}

    def value(self, now: Any, found: Any, where: str) -> Any:
        """What takes the place of `now`: itself with the content that was found, or that as a new object."""
        if type(found) is Kept:
            return self._object(now, found, where)
        if type(found) not in (dict, list, tuple, np.ndarray):
            return found
        alike = type(now) is type(found)
        new: Any = found
        if type(found) is dict:
            there = now if alike else {}
            new = {
                key: self.value(there.get(key, _NOTHING), one, below(where, key_text(key)))
                for key, one in found.items()
            }
        elif type(found) is not np.ndarray:
            there = [*(now if alike else ()), *[_NOTHING] * len(found)]
            new = type(found)(
                self.value(one, then, below(where, str(place)))
                for place, (one, then) in enumerate(zip(there, found, strict=False))
            )
        if not alike or not self._in_place or id(now) in self._refilled or not _take(now, new):
            return new
        self._refilled.add(id(now))
        return now

    def _object(self, now: Any, found: Kept, where: str) -> Any:
        if now is _NOTHING or type(now) in _NO_TEMPLATES:
            there = "nothing" if now is _NOTHING else "None" if now is None else f"a {type(now).__name__}"
            raise CheckpointError(
                f"The checkpoint holds {_what(found)} at {where}, where there is {there} now. Make it "
                f"as it was made in the trial before attaching it."
            )
        before, then = self._restored.get(id(now), ("", found))
        try:
            restored = self._put(now, found)
        except CheckpointError as error:
            raise CheckpointError(f"{error} It lies at {where}.") from error
        if restored is now:
            if not same_tree(then.state, found.state):
                raise CheckpointError(
                    f"What lies at {before} and at {where} is one {type(now).__name__} now, and was two of "
                    f"different states in the trial. Make two, as the trial did, such as by a copy."
                )
            self._restored[id(now)] = where, found
        return restored


def _take(now: Any, new: Any) -> bool:
    """Whether a dict, a list or an array could be made equal to a new one of its type, in place."""
    if type(now) is dict:
        now.clear()
        now.update(new)
    elif type(now) is list:
        now[:] = new
    elif type(now) is np.ndarray:
        if (now.shape, now.dtype, now.flags.writeable) != (new.shape, new.dtype, True):
            return False
        now[...] = new
    else:
        return False
    return True


def _what(found: Kept) -> str:
    if isinstance(found.state, np.ndarray):
        return f"an array of {found.backend} of {described(found.state)}"
    return f"the state of a {found.kind}"
