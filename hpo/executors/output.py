"""What trials print: whose it is, and who takes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import NamedTuple, TypeAlias

from hpo.objective.scope import Scope


class Speaker(NamedTuple):
    """A trial that prints.

    Attributes:
        trial: its id.
        attempt: which start of it.
    """

    trial: int
    attempt: int


Speakers: TypeAlias = tuple[Speaker, ...]
"""A trial, or the trials that share the computation in which something is printed; none outside of trials."""

OnOutput: TypeAlias = Callable[[Speakers, str], None]
"""Takes what trials printed: whole lines, each with its end. It raises nothing."""

# What moves a terminal's cursor, erases or sets its title; colours end with an m, and are kept.
_MOVES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-ln-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")

_speakers: ContextVar[Speakers] = ContextVar("hpo_speakers", default=())


def speakers() -> Speakers:
    """The trials whose code runs here and now."""
    return _speakers.get()


def speaking(*those: Speaker) -> AbstractContextManager[Speakers]:
    """In the block the code of these trials runs; with none, other code that a trial called."""
    return Scope(_speakers, those)


def overwritten(line: str) -> str:
    r"""What a terminal shows of a line in the end: bars go back to its beginning, and up, all the time.

    Example:
        >>> overwritten("0 %\r50 %\r100 %\x1b[A"), overwritten("of Windows\r")
        ('100 %', 'of Windows')
    """
    return _MOVES.sub("", line.rstrip("\r").rpartition("\r")[2])


def called(trials: Iterable[int]) -> str:
    """How trials are called in front of what they print.

    Example:
        >>> called([7]), called([3, 4, 5, 6]), called([1, 2, 5, 9])
        ('trial 7', 'trials 3-6', 'trials 1-2, 5, 9')
    """
    ranges = list(_ranges(sorted(trials)))
    shown = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)
    return f"trial {shown}" if shown.isdigit() else f"trials {shown}"


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each run of numbers that follow each other."""
    first = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield numbers[first], numbers[place - 1]
            first = place
