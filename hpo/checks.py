"""Checks of arguments, each once."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

Kind = TypeVar("Kind")


def checked_count(
    name: str,
    value: Any,
    *,
    least: int = 1,
    expected: str = "an integer of at least {least}",
    if_no_integer: type[Exception] = TypeError,
) -> int:
    """Return a count that is an integer of at least `least`.

    Args:
        name: the argument, for the error.
        value: what was received.
        least: the smallest count that is accepted.
        expected: what the error says that the argument is.
        if_no_integer: the error for anything that is no integer.

    Raises:
        ValueError: it is less.
        TypeError: it is no integer.
    """
    expected = expected.format(least=least)
    # To Python a bool is an integer: True would pass as 1.
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise if_no_integer(f"{name} is {expected}; received {value!r}.")
    if value < least:
        raise ValueError(f"{name} is {expected}; received {value}.")
    return int(value)


def checked_positive(name: str, value: Any) -> float:
    """Return a number that is above 0.

    Raises:
        ValueError: it is not above 0.
        TypeError: it is no number.
    """
    return checked_number(name, value, "a number above 0", lambda number: number > 0)


def checked_number(
    name: str, value: Any, expected: str = "a number", fits: Callable[[float], bool] = lambda number: True
) -> float:
    """Return a real number that fits.

    Args:
        name: the argument, for the error.
        value: what was received.
        expected: what the error says that the argument is.
        fits: says whether a number is accepted.

    Raises:
        ValueError: it does not fit.
        TypeError: it is no number.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {expected}; received {value!r}.")
    if not fits(float(value)):
        raise ValueError(f"{name} is {expected}; received {value!r}.")
    return float(value)


def with_defaults(thing: Kind, protocol: type[Any], expected: str) -> Kind:
    """Complete an object that does not derive from a protocol by the protocol's defaults.

    Args:
        thing: the object.
        protocol: what it is to follow; its abstract methods have no default.
        expected: what the error says that the object is.

    Raises:
        TypeError: it lacks an abstract method, or takes no attributes.
    """
    lacks = [name for name in vars(protocol) if name[0] != "_" and not hasattr(thing, name)]
    if not protocol.__abstractmethods__.isdisjoint(lacks):
        raise TypeError(f"{expected}; received {thing!r} of type {type(thing).__name__}.")
    try:
        for name in lacks:
            default = getattr(protocol, name)
            # A bound method could not be pickled as an attribute of its own object.
            setattr(thing, name, partial(default, thing) if callable(default) else default)
    except AttributeError as error:
        raise TypeError(
            f"{type(thing).__name__} defines no {', '.join(lacks)}, and takes no attributes; derive it from "
            f"{protocol.__module__.rpartition('.')[0]}.{protocol.__name__}, which has defaults."
        ) from error
    return thing
