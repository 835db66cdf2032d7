"""Plain Python state in a checkpoint: numbers, strings, dicts, lists and what lies in them.

What JSON lacks is written as a dict with one key that begins with `@`: a tuple, a dict with other keys than
strings, a NumPy scalar, a large integer, an object that others keep.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from hpo.backend import CANONICAL, PARAMETERS, Tree
from hpo.checkpoints.trees import below, is_plain
from hpo.errors import CheckpointError

PLAIN = "plain"
"""The one key in the state of a dict or a list."""

DEEPEST = 100
"""How deep dicts, lists and tuples may lie in each other."""

Container: TypeAlias = "dict[Any, Any] | list[Any]"

_TUPLE, _DICT, _SCALAR, _INT, _KEPT = "@tuple", "@dict", "@scalar", "@int", "@kept"
_MOST_BITS = 1024  # Python refuses to write integers of thousands of digits as text.
_LONGEST = 60
_IMMUTABLE = (bool, int, float, complex, str, bytes, tuple, frozenset, np.generic, type(None))


@dataclass(frozen=True, eq=False)
class Kept:
    """The state of an object that is not plain, and lay in a dict or a list.

    Attributes:
        kind: the name of its class.
        backend: the one whose framework it is of; None if it keeps its state itself.
        state: what was captured of it.
    """

    kind: str
    backend: str | None
    state: Tree


Keep: TypeAlias = Callable[[Any], "Kept | None"]
"""Captures an object that is not plain; None if a checkpoint keeps none of its kind."""


def is_container(thing: Any) -> bool:
    """Whether it is a dict or a list, and of no class that derives from them."""
    return type(thing) in (dict, list)


def is_plain_kind(thing: Any) -> bool:
    """Whether it is a number, a string, a tuple or the like, or of a class that derives from one of them."""
    return isinstance(thing, _IMMUTABLE)


def capture_plain(thing: Container, keep: Keep) -> Tree:
    """A copy of a dict or a list as a checkpoint holds it.

    Args:
        thing: the dict or the list.
        keep: what captures the objects in it that are not plain.

    Raises:
        CheckpointError: something in it cannot be kept; the text says where, and how to mend it.
    """
    return {PLAIN: _encoded(thing, "", (), keep)}


def decoded(tree: Tree, expected: str) -> Any:
    """The dict or the list that was captured, with a `Kept` for each object that is not plain.

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


def with_names(tree: Tree) -> Tree:
    """The state of a dict or a list as its arrays are named: without the marks of tuples and objects."""
    if isinstance(tree, list):
        return [with_names(one) for one in tree]
    if not isinstance(tree, dict):
        return tree
    if _KEPT in tree:
        return model_part(tree[_KEPT]["state"])
    if _TUPLE in tree or _SCALAR in tree:
        return with_names(tree.get(_TUPLE, tree.get(_SCALAR)))
    if _DICT in tree:
        return {key_text(_decoded(key)): with_names(one) for key, one in tree[_DICT]}
    return {key: with_names(one) for key, one in tree.items()}


def model_part(tree: Tree) -> Tree:
    """What has a model's arrays by their names, out of the state of any object."""
    if not isinstance(tree, dict):
        return tree
    if PLAIN in tree and tree.keys() == {PLAIN}:
        return with_names(tree[PLAIN])
    return tree.get(CANONICAL, tree.get(PARAMETERS, tree))


def check_mutable(name: str, thing: Any) -> None:
    """Refuse what cannot be changed in place, and so cannot be restored.

    Raises:
        CheckpointError: it is such a thing; the text says where to put it.
    """
    if is_plain_kind(thing):
        raise unchangeable(name, f"{_shown(thing)} of the type {type(thing).__name__}")


def unchangeable(name: str, what: str) -> CheckpointError:
    """The error for what was attached by itself and cannot be changed in place."""
    return CheckpointError(
        f"What is kept is restored in place; received {what}, which cannot be changed. Put it in a dict, and "
        f"change that: state = {{{name!r}: ...}}; trial.checkpoint(state=state)."
    )


def _encoded(value: Any, where: str, around: tuple[int, ...], keep: Keep) -> Tree:
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        return value if value.bit_length() <= _MOST_BITS else {_INT: hex(value)}
    if kind is np.ndarray or isinstance(value, np.generic):
        return _encoded_array(value, where)
    if kind not in (dict, list, tuple):
        return _encoded_object(value, where, keep)
    if id(value) in around:
        raise CheckpointError(
            f"A {kind.__name__}{_at(where)} contains itself, and a checkpoint holds no such thing: keep the "
            f"parts side by side, and refer to them by a key or a number."
        )
    if len(around) >= DEEPEST:
        raise CheckpointError(f"Dicts and lists of a checkpoint are at most {DEEPEST} deep; received more.")
    around = (*around, id(value))
    if kind is not dict:
        items = [_encoded(one, below(where, str(place)), around, keep) for place, one in enumerate(value)]
        return items if kind is list else {_TUPLE: items}
    items = [_encoded(one, below(where, key_text(key)), around, keep) for key, one in value.items()]
    if all(type(key) is str and not key.startswith("@") for key in value):
        return dict(zip(value, items, strict=True))
    keys = [_encoded(key, f"a key of {where or 'it'}", around, _keep_none) for key in value]
    return {_DICT: [list(pair) for pair in zip(keys, items, strict=True)]}


def _encoded_object(value: Any, where: str, keep: Keep) -> Tree:
    try:
        kept = keep(value)
    except CheckpointError as error:
        raise CheckpointError(f"{error} It lies at {where}.") from error
    if kept is None:
        raise CheckpointError(_refusal(value, where))
    return {_KEPT: {"kind": kept.kind, "backend": kept.backend, "state": kept.state}}


def _keep_none(_: Any) -> None:
    """What a key of a dict may be is plain."""


def _encoded_array(value: Any, where: str) -> Tree:
    array = np.array(value, order="K", subok=False)  # a copy
    if not is_plain(array):
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
    if _KEPT in tree:
        return Kept(**tree[_KEPT])
    return {key: _decoded(one) for key, one in tree.items()}


def key_text(key: object) -> str:
    """A key of a dict as a part of a place, such as `layers.0`."""
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
        f"A dict or a list in a checkpoint holds numbers, strings, True, False, None, NumPy arrays, objects "
        f"of a framework whose backend is installed, and dicts, lists and tuples of them; received something "
        f"of the type {kind}{_at(where)}. {_mend(value)}."
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
    return "Keep plain values of it, such as {'best': 0.5, 'wait': 0}"
