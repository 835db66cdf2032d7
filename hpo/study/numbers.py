"""Numbers in words and tables: a count with its noun, and the numbers of a column written alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

DIGITS = 4
"""Significant digits of a number in a table; the records have all of them."""

_LONGEST_INTEGER = 10**15
_FIXED = (1e-4, 1e6)
"""From where on and up to where a column is written without exponents."""


def counted(count: int, noun: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "trial"), counted(2000, "trial")
        ('1 trial', '2,000 trials')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def alike(numbers: Sequence[float | None]) -> list[str]:
    """The numbers of a column as texts of one width.

    Integers stay integers. Of other numbers each has four significant digits, fewer if fewer show all that
    there is. The column has exponents if one of its numbers needs one.

    Args:
        numbers: integers or floats; None stays empty.

    Example:
        >>> alike([0.5, 0.03125, 12.0])
        [' 0.5000 ', ' 0.03125', '12.00   ']
        >>> alike([1e-9, 0.5, None])
        ['1e-09', '5e-01', '     ']
    """
    finite = [number for number in numbers if number is not None and _is_finite(number)]
    if all(number == int(number) and abs(number) < _longest(number) for number in finite):
        return _below_each_other([_spelled(number, "d") for number in numbers])
    digits = max(_digits_needed(number) for number in finite)
    sizes = [abs(number) for number in finite if number]
    if _FIXED[0] <= min(sizes) and max(sizes) < _FIXED[1]:
        return _below_each_other([_spelled(number, "f", digits) for number in numbers])
    return _below_each_other([_spelled(number, "e", digits) for number in numbers])


def told_apart(one: float, other: float, digits: int = DIGITS) -> tuple[str, str]:
    """Two numbers with as many significant digits as it takes to see that they differ.

    Example:
        >>> told_apart(12345.6, 12345.9)
        ('12345.6', '12345.9')
        >>> told_apart(0.5, 0.25)
        ('0.5', '0.25')
    """
    # 17 digits tell any two floats apart.
    for count in range(digits, 18):
        texts = f"{one:.{count}g}", f"{other:.{count}g}"
        if texts[0] != texts[1]:
            break
    return texts


def exponential(number: float, digits: int = DIGITS) -> str:
    """A number with an exponent; an integer may be larger than any float."""
    if isinstance(number, int):
        return f"{Decimal(number):.{digits - 1}e}"
    return f"{number:.{digits - 1}e}"


def is_long(number: int) -> bool:
    """Whether an integer has more digits than a table shows of one."""
    return abs(number) >= _LONGEST_INTEGER


def _is_finite(number: float) -> bool:
    # An integer may be too large for a float.
    return isinstance(number, int) or math.isfinite(number)


def _longest(number: float) -> float:
    return _LONGEST_INTEGER if isinstance(number, int) else _FIXED[1]


def _digits_needed(number: float) -> int:
    """How many significant digits show the number, up to `DIGITS`."""
    mantissa = exponential(number).partition("e")[0].lstrip("-")
    return max(1, len(mantissa.replace(".", "").rstrip("0")))


def _spelled(number: float | None, notation: str, digits: int = DIGITS) -> str:
    if number is None:
        return ""
    if not _is_finite(number):
        return str(number)
    if notation == "d" or number == 0:
        return str(int(number))
    if notation == "e":
        return exponential(number, digits)
    # Of the rounded number: 9.9999 has one digit more before its point.
    power = int(exponential(number, digits).partition("e")[2])
    return f"{number:.{max(0, digits - 1 - power)}f}"


def _below_each_other(texts: list[str]) -> list[str]:
    """Padded, so that the points stand below each other, and where there are none the last digits."""
    halves = [text.partition(".") for text in texts]
    before = max((len(whole) for whole, _, _ in halves), default=0)
    after = max((len(point) + len(rest) for _, point, rest in halves), default=0)
    return [f"{whole:>{before}}{point + rest:<{after}}" for whole, point, rest in halves]
