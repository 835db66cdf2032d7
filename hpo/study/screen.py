"""Where printed text is read, and how wide it may be."""

from __future__ import annotations

import os
import shutil
import sys

from hpo.study.layout import cells

WITHOUT_A_TERMINAL = 100
"""Cells of a line where the text goes into a file, a pipe or a notebook."""


def text_width() -> int:
    """Cells of a line that is printed now: those of the terminal, or of `COLUMNS`."""
    if _in_a_terminal() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size((WITHOUT_A_TERMINAL, 24)).columns
    return WITHOUT_A_TERMINAL


def wrapped(text: str) -> list[str]:
    """A text in lines that fit into the terminal, broken between words; as it is where there is none."""
    if not _in_a_terminal():
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


def _in_a_terminal() -> bool:
    # A test's or a notebook's stand-in may lack it, and a closed stream raises.
    try:
        return sys.stdout is not None and sys.stdout.isatty()
    except (AttributeError, ValueError):
        return False
