"""The values that a config may hold, and the common parts of messages about wrong ones.

A config is a plain `dict` of plain Python values, so that it goes through JSON unchanged and means the
same in every framework. NumPy scalars are accepted and turned into plain ones.
"""

from __future__ import annotations

import difflib
import enum
import math
from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

import numpy as np

from hpo.errors import SpaceError

Scalar: TypeAlias = float | int | str | bool | None
"""One value of a config: anything that JSON can hold, except containers."""


class NoDefault(enum.Enum):
    """The type of `NO_DEFAULT`: `None` is a value, and a member of an enum survives copies and pickles."""

    NO_DEFAULT = "no default"

    def __repr__(self) -> str:
        return self.name


NO_DEFAULT = NoDefault.NO_DEFAULT
"""What `Domain.default` holds where there is none."""

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")


def plain(value: object) -> Scalar:
    """Return `value` as a plain Python scalar.

    Raises:
        SpaceError: it is no scalar, or a number that JSON cannot hold (NaN, infinity).
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    # A subclass, such as an IntEnum, would come back from JSON as a plain number or string.
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SpaceError(f"Expected a finite number; received {value!r}, which JSON cannot hold.")
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)
    raise SpaceError(
        f"Expected a number, a string, True, False or None; received {value!r} of type "
        f"{type(value).__name__}. Name a compound value by a string and look it up in the objective."
    )


def real_number(value: object, what: str) -> float:
    """Return `value` as a `float`, for a bound or an operand that `what` names.

    Raises:
        SpaceError: it is no finite number; a `bool` is none.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SpaceError(f"{what} is a number; received {value!r} of type {type(value).__name__}.")
    # An integer may be too large for a float.
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SpaceError(f"{what} is a finite number; received {value!r}.")
    return number


def integer(value: object, what: str) -> int:
    """Return `value` as an `int`, for a bound that `what` names.

    Raises:
        SpaceError: it is no integer; a `bool` or a `float` such as 3.0 is none.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int):
        hint = f" Write {int(value)}." if isinstance(value, float) and value.is_integer() else ""
        raise SpaceError(f"{what} is an integer; received {value!r} of type {type(value).__name__}.{hint}")
    return int(value)


def is_number(value: Scalar) -> bool:
    """Whether `value` is a number; a `bool` is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(left: Scalar, right: Scalar) -> bool:
    """Whether two values are the same in a config: 1 and 1.0 are, 1 and True are not."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def listing(names: Iterable[object]) -> str:
    """The names as an error message shows them: `'a', 'b'`."""
    return ", ".join(repr(name) for name in names)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known name, with a space before it; else nothing."""
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def about(name: str, function: Callable[[_Argument], _Result], argument: _Argument) -> _Result:
    """Call `function`, and name the hyperparameter in what it raises."""
    try:
        return function(argument)
    except SpaceError as error:
        raise SpaceError(f"Hyperparameter {name!r}: {error}") from error
