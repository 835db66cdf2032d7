"""Names and values as figures write them: on one line, not too long, and never as a formula."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate

NAME = 36
"""Letters of a name at an axis or in a title."""

TICK = 14
"""Letters of a value at a tick."""


# One that is escaped already stays as it is.
_DOLLAR = re.compile(r"(?<!\\)\$")


def cut(text: object, letters: float = NAME) -> str:
    r"""A text of at most so many letters of common width, with an ellipsis for what is left out.

    Matplotlib would read what stands between two dollar signs as a formula, so they are escaped.

    Example:
        >>> cut("learning rate"), cut("learning rate", 8), cut("MMMMMMMM", 8), cut("price in $")
        ('learning rate', 'learnin…', 'MMMM…', 'price in \\$')
    """
    line = " ".join(str(text).split())
    widths = list(accumulate(map(_width, line)))
    if widths and widths[-1] > letters:
        line = line[: bisect_right(widths, letters - 1)] + "…"
    return _DOLLAR.sub(r"\\$", line)


def _width(letter: str) -> float:
    """The width of a letter beside a common one, roughly."""
    if letter in "mwMW@%" or unicodedata.east_asian_width(letter) in "WF":
        return 1.6
    return 1.2 if letter.isupper() else 1.0


def counted(count: int, noun: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "value"), counted(2, "value")
        ('1 value', '2 values')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
