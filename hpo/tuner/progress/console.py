"""The console on which people read: what it shows as text, and where its lines break."""

from __future__ import annotations

import re
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from hpo.study.tables import printable

# What a shell takes: a program of ours with its words, or an address.
_COMMAND = re.compile(r"\b(hpo|pip|python3?|sqlite3|apt-get) [\w-]|\w://")

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


def open_console(*, to_stderr: bool) -> Console:
    """The console for what people read; on standard error where standard output is for a program."""
    # Users' names and texts may have brackets and colons, which rich would read as markup. A notebook is
    # served by `NotebookDisplay`, and what rich would make of it is no text.
    return _SafeConsole(stderr=to_stderr, highlight=False, markup=False, emoji=False, force_jupyter=False)


class _SafeConsole(Console):
    """Shows what a terminal would obey: names and texts come from studies and objectives."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)


def is_live(console: Console) -> bool:
    """Whether lines on it can be redrawn."""
    return console.is_terminal and not console.is_dumb_terminal


def coloured(text: str) -> Text | str:
    """Text in the colours that it asks a terminal for, and with all else that one would obey made visible."""
    parts = _COLOUR.split(text)
    if len(parts) == 1:
        return text
    parts[::2] = map(printable, parts[::2])
    return Text.from_ansi("".join(parts))


def print_line(console: Console, text: Text | str, *, style: str | None = None) -> None:
    """Print a line, wrapped between words in a terminal and not at all in a file.

    One with a command, or with a path that is wider than the terminal, is left for the terminal to wrap: a
    line break of ours would be copied with it.
    """
    console.print(text, style=style, soft_wrap=not console.is_terminal or is_to_be_copied(console, str(text)))


def is_to_be_copied(console: Console, text: str) -> bool:
    """Whether a line has something in it that a line break would spoil."""
    return _COMMAND.search(text) is not None or any(cell_len(word) >= console.width for word in text.split())
