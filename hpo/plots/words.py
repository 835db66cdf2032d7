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

    That is in the middle, since long names often begin alike. Matplotlib would read what stands between two
    dollar signs as a formula, so they are escaped.

    Example:
        >>> cut("learning rate"), cut("learning rate", 8), cut("MMMMMMMM", 8), cut("price in $")
        ('learning rate', 'lear…te', 'MM…M', 'price in \\$')
    """
    line = " ".join(str(text).split())
    if sum(map(_width, line)) > letters:
        room = letters - 1  # beside the ellipsis
        last = _fitting(line[::-1], 0.4 * room)
        line = f"{line[: _fitting(line, 0.6 * room)]}…{line[len(line) - last :]}"
    return _DOLLAR.sub(r"\\$", line)


def _fitting(line: str, letters: float) -> int:
    """How many letters of a line, from its first on, have that width together."""
    return bisect_right(list(accumulate(map(_width, line))), letters + 1e-9)


def _width(letter: str) -> float:
    """The width of a letter beside a common one, roughly."""
    if letter in "mwMW@%" or unicodedata.east_asian_width(letter) in "WF":
        return 1.6
    return 1.2 if letter.isupper() else 1.0
