"""Checks of arguments, each once."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any


def checked_count(
    name: str,
    value: Any,
    *,
    least: int = 1,
    expected: str = "an integer of at least {least}",
    if_no_integer: type[Exception] = TypeError,
) -> int:
    """An integer of at least 1, or of at least another number.

    Args:
        name: of the argument.
        value: what was received.
        least: the smallest that is accepted.
        expected: what the text of the error says that it is.
        if_no_integer: what is raised then.

    Raises:
        ValueError: it is less.
        TypeError: it is no integer.
    """
    expected = expected.format(least=least)
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise if_no_integer(f"{name} is {expected}; received {value!r}.")
    if value < least:
        raise ValueError(f"{name} is {expected}; received {value}.")
    return int(value)


def checked_positive(name: str, value: Any) -> float:
    """A number above 0.

    Raises:
        ValueError: it is not above 0.
        TypeError: it is no number.
    """
    return checked_number(name, value, "a number above 0", lambda number: number > 0)


def checked_number(
    name: str, value: Any, expected: str = "a number", fits: Callable[[float], bool] = lambda number: True
) -> float:
    """A real number that fits.

    Args:
        name: of the argument.
        value: what was received.
        expected: what the text of the error says that it is.
        fits: whether a number is one that is accepted.

    Raises:
        ValueError: it does not fit.
        TypeError: it is no number.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {expected}; received {value!r}.")
    if not fits(float(value)):
        raise ValueError(f"{name} is {expected}; received {value!r}.")
    return float(value)
