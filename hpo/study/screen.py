"""Where printed text is read, and how wide it may be."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from hpo.study.layout import cells

WITHOUT_A_TERMINAL = 100
"""Cells of a line where the text goes into a file, a pipe or a notebook."""


def text_width() -> int:
    """Cells of a line that is printed now: those of the terminal, or of `COLUMNS`."""
    if is_terminal(sys.stdout) or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size((WITHOUT_A_TERMINAL, 24)).columns
    return WITHOUT_A_TERMINAL


def wrapped(text: str) -> list[str]:
    """A text in lines that fit into the terminal, broken between words; as it is where there is none."""
    if not is_terminal(sys.stdout):
        return [text]
    return [part for line in text.splitlines() for part in _filled(line.split(), text_width())]


def in_notebook() -> bool:
    """Whether this program is the kernel of a notebook."""
    interactive = sys.modules.get("IPython")
    # Another thread may be importing it just now.
    shell = getattr(interactive, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _filled(words: list[str], width: int) -> list[str]:
    """The words in lines; one that is wider, such as a path that is copied, stays whole."""
    lines = [""]
    for word in words:
        if lines[-1] and cells(lines[-1]) + 1 + cells(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal. One that stands in for a standard stream needs no more than `write`."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # it has no such method, or is closed
        return False
