"""Python syntax in a text, written as it is written where the text is read.

Errors of the library say how to mend a call in Python, such as `num_trials=20`. On the command line and in a
file the same is written in another way. Each text is written once, in Python; what shows it elsewhere says
how arguments, calls and words look there.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable

Argument = Callable[[str, ast.expr | None], "str | None"]
"""Takes an argument's name and its value, None in `num_trials=`; returns its text, or None to leave it."""

Call = Callable[[str, ast.Call], "str | None"]
"""Takes a function's dotted name and the call; returns its text, or None to leave it."""

Word = Callable[[str], "str | None"]
"""Takes a name that stands alone; returns its text, or None to leave it."""

Table = Callable[[ast.Dict], str]
"""Takes a dict; returns its text."""

_PIECE = re.compile(
    # Quoted text is a value, a name or a file: it stays as it is. An apostrophe in a word quotes nothing.
    r"""(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|(?<!\w)"(?:[^"\\]|\\.)*"(?!\w)|`[^`]*`"""
    r"|(?P<brace>\{)(?=['\"])"
    r"|(?P<name>(?<![\w.\-/])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?P<mark>=(?!=)|\()?"
)
_OPENING, _CLOSING = "([{", ")]}"


def reworded(
    text: str,
    *,
    argument: Argument,
    call: Call | None = None,
    word: Word | None = None,
    table: Table | None = None,
) -> str:
    """The text with its Python syntax written in another way; what is quoted stays.

    Args:
        text: what to show.
        argument: writes `name=value`.
        call: writes `name(...)`; what it leaves, or what is given to no such function, stays as a whole.
        word: writes a name that stands alone.
        table: writes a dict.

    Example:
        >>> def as_key(name, value):
        ...     return f"{name} = {ast.unparse(value).lower()}"
        >>> reworded("Use log=False, or raise 'low=0'.", argument=as_key)
        "Use log = false, or raise 'low=0'."
    """
    parts: list[str] = []
    place = 0
    while (found := _PIECE.search(text, place)) is not None:
        name, mark, end = found["name"], found["mark"], found.end()
        new: str | None = None
        if mark == "=":
            end, new = _argument(text, name, end, argument)
        elif mark == "(":
            end, new = _call(text, name, found.start(), end, call)
        elif found["brace"] and table is not None:
            end, new = _dict(text, found.start(), end, table)
        elif name is not None and word is not None:
            new = word(name)
        parts += [text[place : found.start()], text[found.start() : end] if new is None else new]
        place = end
    return "".join([*parts, text[place:]])


def _argument(text: str, name: str, start: int, argument: Argument) -> tuple[int, str | None]:
    """Where the argument ends whose value starts there, and its text."""
    end = _end_of_value(text, start)
    if end == start:
        return start, argument(name, None)
    value = _parsed(text[start:end])
    return (start, None) if value is None else (end, argument(name, value))


def _call(text: str, name: str, start: int, inside: int, call: Call | None) -> tuple[int, str | None]:
    """Where the call ends whose arguments start there, and its text."""
    end = _end_of_brackets(text, inside - 1)
    if end is None:
        return inside, None
    parsed = _parsed(text[start:end])
    return end, call(name, parsed) if call is not None and isinstance(parsed, ast.Call) else None


def _dict(text: str, start: int, inside: int, table: Table) -> tuple[int, str | None]:
    """Where the dict ends that starts there, and its text."""
    end = _end_of_brackets(text, start)
    parsed = None if end is None else _parsed(text[start:end])
    return (end, table(parsed)) if end is not None and isinstance(parsed, ast.Dict) else (inside, None)


def _end_of_value(text: str, start: int) -> int:
    place = start
    while place < len(text) and not text[place].isspace() and text[place] not in ",;:)]}":
        if text[place] in "'\"":
            closing = text.find(text[place], place + 1)
            place = len(text) if closing < 0 else closing + 1
        elif text[place] in _OPENING:
            closed = _end_of_brackets(text, place)
            place = len(text) if closed is None else closed
        else:
            place += 1
    # The point that ends the sentence is no part of a number.
    return place - 1 if place > start and text[place - 1] == "." and text[start:place] != "..." else place


def _end_of_brackets(text: str, start: int) -> int | None:
    """Where what opens at `start` is closed; None if it is not."""
    depth, place = 0, start
    while place < len(text):
        letter = text[place]
        if letter in "'\"":
            closing = text.find(letter, place + 1)
            if closing < 0:
                return None
            place = closing
        depth += (letter in _OPENING) - (letter in _CLOSING)
        place += 1
        if depth == 0:
            return place
    return None


def _parsed(source: str) -> ast.expr | None:
    try:
        # Python warns of what only looks like its syntax.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
