"""What a checkpoint holds of an object: nested dicts and lists of arrays and JSON scalars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from hpo.backend import Array, Tree
from hpo.errors import CheckpointError

PLAIN_KINDS = frozenset("biufcSUmM")
"""NumPy's kinds of numbers, strings and times: what a file holds without a program to rebuild it."""

BITS = "bits"
"""Beside `dtype`, the key of an array of a type that NumPy lacks, as unsigned integers of its bits."""


def is_plain(array: Array) -> bool:
    """Whether a file holds an array as it is: not if another package has made its dtype, such as float8."""
    return array.dtype.kind in PLAIN_KINDS and array.dtype.isbuiltin != 2


def tidy(tree: Any, where: str = "") -> Tree:
    """A copy of a tree that shares no array with it; tuples become lists, NumPy's scalars Python's.

    Args:
        tree: what an object returned as its state.
        where: its place in what it belongs to, for the error's text.

    Raises:
        CheckpointError: something in it is neither an array nor a value of JSON.
    """
    if isinstance(tree, np.ndarray):
        if not is_plain(tree):
            raise CheckpointError(_refusal(where, f"an array of the dtype {tree.dtype}"))
        # Always a copy, in the memory order that it has, and a plain array of a subclass.
        return np.array(tree, order="K", subok=False)
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return _plain_scalar(tree)
    if isinstance(tree, np.generic):
        return tidy(tree.item(), where) if not isinstance(tree.item(), np.generic) else np.array(tree)
    if isinstance(tree, Mapping):
        wrong = next((key for key in tree if not isinstance(key, str)), None)
        if wrong is not None:
            raise CheckpointError(_refusal(where, f"a dict with the key {wrong!r}"))
        return {str(key): tidy(value, below(where, key)) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [tidy(value, below(where, str(index))) for index, value in enumerate(tree)]
    raise CheckpointError(_refusal(where, f"a {type(tree).__name__}"))


def arrays_in(tree: Tree, where: str = "") -> Iterator[tuple[str, Array]]:
    """The arrays of a tree, each with its path such as `layers.0.weight`."""
    if isinstance(tree, np.ndarray):
        yield where, tree
    elif is_bits(tree):
        yield where, _widened(tree)
    elif isinstance(tree, (dict, list)):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, value in items:
            yield from arrays_in(value, below(where, str(key)))


def replace_arrays(tree: Tree, put: Callable[[Array], Any]) -> Any:
    """The same tree as JSON: an array becomes `{"array": put(array)}`, a dict `{"dict": ...}`."""
    # The dict is wrapped, too: it may have a key `array` of its own.
    if isinstance(tree, np.ndarray):
        return {"array": put(tree)}
    if isinstance(tree, dict):
        return {"dict": {key: replace_arrays(value, put) for key, value in tree.items()}}
    if isinstance(tree, list):
        return [replace_arrays(value, put) for value in tree]
    return tree


def insert_arrays(tree: Any, take: Callable[[Any], Array]) -> Tree:
    """The tree out of which `replace_arrays` made this: its inverse."""
    if isinstance(tree, dict):
        if "array" in tree:
            return take(tree["array"])
        return {key: insert_arrays(value, take) for key, value in tree["dict"].items()}
    if isinstance(tree, list):
        return [insert_arrays(value, take) for value in tree]
    return tree


def compare_arrays(expected: Mapping[str, Array], found: Mapping[str, Array]) -> list[str]:
    """Where two models differ in the names and shapes of their arrays, in words; empty if nowhere.

    Args:
        expected: those of the model that is to take the other's.
        found: those of the checkpoint.
    """
    differences = [
        f"the checkpoint lacks {name} {expected[name].shape}" for name in expected if name not in found
    ]
    differences += [f"the model lacks {name} {found[name].shape}" for name in found if name not in expected]
    differences += [
        f"{name} is {found[name].shape} in the checkpoint and {expected[name].shape} in the model"
        for name in expected
        if name in found and expected[name].shape != found[name].shape
    ]
    return differences


def check_arrays(what: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Raise `CheckpointError` where two models differ; the text lists names and shapes.

    Args:
        what: the model that is to take the other's arrays.
        expected: its arrays, or anything that has a `shape`.
        found: those of the checkpoint.
    """
    differences = compare_arrays(expected, found)
    if differences:
        shown = "; ".join(differences[:6]) + (f"; and {len(differences) - 6} more" if differences[6:] else "")
        raise CheckpointError(
            f"The checkpoint is of another model than this {what}: {shown}. Make the model as it was made in "
            f"the trial, with the trial's config."
        )


def is_bits(tree: Tree) -> bool:
    """Whether it is an array of a type that NumPy lacks."""
    return isinstance(tree, dict) and tree.keys() == {BITS, "dtype"} and isinstance(tree["dtype"], str)


def same_tree(one: Tree, other: Tree) -> bool:
    """Whether two trees are equal to the last bit."""
    if isinstance(one, np.ndarray):
        alike = isinstance(other, np.ndarray) and (one.shape, one.dtype) == (other.shape, other.dtype)
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        alike = isinstance(other, dict) and one.keys() == other.keys()
        return alike and all(same_tree(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same_tree, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


def check_array(array: Any, found: Any) -> None:
    """Raise `CheckpointError` unless an array can take the checkpoint's; the text has both.

    Args:
        array: what is to be restored, with a `shape` and a `dtype`.
        found: what the checkpoint has for it.
    """
    if not hasattr(found, "dtype"):
        raise CheckpointError(f"The checkpoint holds no array here; received one of {described(array)}.")
    if described(array) != described(found):
        raise CheckpointError(
            f"The checkpoint holds an array of {described(found)} here; the one to restore is of "
            f"{described(array)}. Make it as it was made in the trial."
        )


def described(array: Any) -> str:
    """The shape and the dtype of an array, in words."""
    dtype = getattr(array.dtype, "name", array.dtype)
    return f"the shape {tuple(array.shape)} and dtype {str(dtype).removeprefix('torch.')}"


def _plain_scalar(value: Any) -> Any:
    # bool before int, whose subclass it is. A subclass, such as an enum of str or np.float64, becomes plain.
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return value if type(value) is kind else kind(value)
    return value


def _widened(tree: dict[str, Any]) -> Array:
    """The numbers of such bits as NumPy can show them: bfloat16 is the upper half of a float32."""
    bits: Array = tree[BITS]
    if tree["dtype"] != "bfloat16":
        return bits
    return (bits.astype(np.uint32) << 16).view(np.float32)


def below(where: str, key: str) -> str:
    """The place of an entry in what it belongs to, such as `layers.0`."""
    return f"{where}.{key}" if where else key


def _refusal(where: str, what: str) -> str:
    place = f" (at {where})" if where else ""
    return (
        f"A checkpoint holds NumPy arrays of numbers or strings, numbers, strings, True, False, None, and "
        f"lists "
        f"and dicts (with strings as keys) of them; received {what}{place}."
    )
