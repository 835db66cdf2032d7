"""Checks of arguments, each once."""

from __future__ import annotations

import numbers
from typing import Any


def checked_count(name: str, value: Any) -> int:
    """An integer of at least 1.

    Raises:
        ValueError: it is less.
        TypeError: it is no integer.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} is an integer of at least 1; received {value!r}.")
    if value < 1:
        raise ValueError(f"{name} is an integer of at least 1; received {value}.")
    return int(value)


def checked_positive(name: str, value: Any) -> float:
    """A number above 0.

    Raises:
        ValueError: it is not above 0.
        TypeError: it is no number.
    """
    if not checked_number(name, value) > 0:
        raise ValueError(f"{name} is a number above 0; received {value!r}.")
    return float(value)


def checked_number(name: str, value: Any) -> float:
    """A real number.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is a number; received {value!r}.")
    return float(value)
