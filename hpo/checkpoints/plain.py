"""Plain Python state in a checkpoint: numbers, strings, dicts, lists and what lies in them.

A dict or a list is restored in place: a variable that holds it sees what it was. What JSON lacks is written
as a dict with one key that begins with `@`: a tuple, a dict with other keys than strings, a NumPy scalar, a
large integer.
"""

from __future__ import annotations

from collections import deque
from typing import Any, TypeAlias

import numpy as np

from hpo.backend import Tree
from hpo.checkpoints.trees import PLAIN_KINDS, below
from hpo.errors import CheckpointError

PLAIN = "plain"
"""The one key in the state of a dict or a list."""

DEEPEST = 100
"""How deep dicts, lists and tuples may lie in each other."""

Container: TypeAlias = "dict[Any, Any] | list[Any]"

_TUPLE, _DICT, _SCALAR, _INT = "@tuple", "@dict", "@scalar", "@int"
_MOST_BITS = 1024  # Python refuses to write integers of thousands of digits as text.
_LONGEST = 60
_IMMUTABLE = (bool, int, float, complex, str, bytes, tuple, frozenset, np.generic, type(None))


def is_container(thing: Any) -> bool:
    """Whether it is a dict or a list, and of no class that derives from them."""
    return type(thing) in (dict, list)


def capture_plain(thing: Container) -> Tree:
    """A copy of a dict or a list as a checkpoint holds it.

    Raises:
        CheckpointError: something in it cannot be kept; the text says where, and how to mend it.
    """
    return {PLAIN: _encoded(thing, "", ())}


def restore_plain(thing: Container, tree: Tree) -> None:
    """Make a dict or a list what it was, in place.

    The dicts, lists and arrays in it stay the same objects where there is one of the same kind in the same
    place, and are new ones elsewhere.

    Raises:
        CheckpointError: the checkpoint holds something else here.
    """
    found = decoded(tree, type(thing).__name__)
    if type(found) is not type(thing):
        raise CheckpointError(
            f"The checkpoint holds a {type(found).__name__} here; the one to restore is a "
            f"{type(thing).__name__}. Attach what the trial attached when it was written."
        )
    _refill(thing, found, set())


def decoded(tree: Tree, expected: str) -> Any:
    """The dict or the list that was captured.

    Args:
        tree: what `capture_plain` returned.
        expected: what it is to go into, for the error.

    Raises:
        CheckpointError: it is the state of something else.
    """
    if not isinstance(tree, dict) or tree.keys() != {PLAIN}:
        raise CheckpointError(
            f"The checkpoint holds the state of something else here than of a {expected}. Attach what the "
            f"trial attached when it was written."
        )
    return _decoded(tree[PLAIN])


def check_mutable(name: str, thing: Any) -> None:
    """Refuse what cannot be changed in place, and so cannot be restored.

    Raises:
        CheckpointError: it is such a thing; the text says where to put it.
    """
    if isinstance(thing, _IMMUTABLE):
        raise CheckpointError(
            f"What is kept is restored in place; received {_shown(thing)} of the type "
            f"{type(thing).__name__}, which cannot be changed. Put it in a dict, and change that: "
            f"state = {{{name!r}: ...}}; trial.checkpoint(state=state)."
        )


def _encoded(value: Any, where: str, around: tuple[int, ...]) -> Tree:
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        return value if value.bit_length() <= _MOST_BITS else {_INT: hex(value)}
    if kind is np.ndarray or isinstance(value, np.generic):
        return _encoded_array(value, where)
    if kind not in (dict, list, tuple):
        raise CheckpointError(_refusal(value, where))
    if id(value) in around:
        raise CheckpointError(
            f"A {kind.__name__}{_at(where)} contains itself, and a checkpoint holds no such thing: keep the "
            f"parts side by side, and refer to them by a key or a number."
        )
    if len(around) >= DEEPEST:
        raise CheckpointError(f"Dicts and lists of a checkpoint are at most {DEEPEST} deep; received more.")
    around = (*around, id(value))
    if kind is not dict:
        items = [_encoded(one, below(where, str(place)), around) for place, one in enumerate(value)]
        return items if kind is list else {_TUPLE: items}
    items = [_encoded(one, below(where, _key(key)), around) for key, one in value.items()]
    if all(type(key) is str and not key.startswith("@") for key in value):
        return dict(zip(value, items, strict=True))
    keys = [_encoded(key, f"a key of {where or 'it'}", around) for key in value]
    return {_DICT: [list(pair) for pair in zip(keys, items, strict=True)]}


def _encoded_array(value: Any, where: str) -> Tree:
    array = np.array(value, order="K", subok=False)  # a copy
    if array.dtype.kind not in PLAIN_KINDS:
        raise CheckpointError(
            f"A checkpoint holds arrays of numbers, strings and times; received one of the dtype "
            f"{array.dtype}{_at(where)}. Keep it as an array of numbers, or as a list."
        )
    return {_SCALAR: array} if isinstance(value, np.generic) else array


def _decoded(tree: Tree) -> Any:
    if isinstance(tree, list):
        return [_decoded(one) for one in tree]
    if isinstance(tree, np.ndarray):
        return tree.copy()
    if not isinstance(tree, dict):
        return tree
    if _TUPLE in tree:
        return tuple(_decoded(one) for one in tree[_TUPLE])
    if _DICT in tree:
        return {_decoded(key): _decoded(one) for key, one in tree[_DICT]}
    if _SCALAR in tree:
        return tree[_SCALAR][()]
    if _INT in tree:
        return int(tree[_INT], 16)
    return {key: _decoded(one) for key, one in tree.items()}


def _refill(thing: Any, found: Any, refilled: set[int]) -> Any:
    """What takes the place of `thing`: itself with the content that was found, or that as a new object.

    Args:
        thing: what is there now.
        found: what was there.
        refilled: the objects that were refilled before. One that is in two places now was two then, perhaps.
    """
    if type(thing) is not type(found) or id(thing) in refilled:
        return found
    if type(thing) is np.ndarray:
        same = (thing.shape, thing.dtype, thing.flags.writeable) == (found.shape, found.dtype, True)
        if not same:
            return found
        thing[...] = found
    elif type(thing) is dict:
        content = {key: _refill(thing.get(key), one, refilled) for key, one in found.items()}
        thing.clear()
        thing.update(content)
    elif type(thing) is list:
        now = [*thing, *[None] * len(found)]
        thing[:] = [_refill(one, then, refilled) for one, then in zip(now, found, strict=False)]
    else:
        return found
    refilled.add(id(thing))
    return thing


def _key(key: object) -> str:
    return key if type(key) is str else _shown(key)


def _at(where: str) -> str:
    return f" (at {where})" if where else ""


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of thousands of digits
        return "a very large integer"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _refusal(value: Any, where: str) -> str:
    kind = type(value).__name__
    return (
        f"A dict or a list in a checkpoint holds numbers, strings, True, False, None, NumPy arrays, and "
        f"dicts, lists and tuples of them; received something of the type {kind}{_at(where)}. {_mend(value)}."
    )


def _mend(value: Any) -> str:
    if isinstance(value, dict):
        return "Make it a plain dict, dict(...)"
    if isinstance(value, (set, frozenset)):
        return "Keep it as a list, sorted(...)"
    if isinstance(value, (list, tuple, deque, range)):
        return "Make it a plain list, list(...)"
    if isinstance(value, (bytes, bytearray)):
        return "Keep it as a string, such as value.hex(), or as a NumPy array of integers"
    if isinstance(value, complex):
        return "Keep its two parts, [value.real, value.imag]"
    for plain in (int, float, str):
        if isinstance(value, plain):
            return f"Keep its plain value, {plain.__name__}(...)"
    return "If it is an object of a framework, attach it by itself, under a name of its own"
