"""A program in a pseudo-terminal of a given width, and what its screen shows in the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

CODES = re.compile("\x1b\\[[0-9;]*m")
"""What changes colours and weights."""

_PARTS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")


def run_in_terminal(
    *words: str | Path, columns: int, rows: int = 24, variables: dict[str, str] | None = None
) -> tuple[str, int]:
    """What Python wrote to its terminal, and its exit code.

    Args:
        words: the arguments of the interpreter, such as a script.
        columns: how wide the terminal is.
        rows: how high it is.
        variables: of the environment, beside those that are there.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    unset = ("COLUMNS", "LINES", "NO_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    # Not by a fork of this process, which may have threads.
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm"} | (variables or {}),
    )
    os.close(theirs)
    written = b""
    with suppress(OSError):  # Linux says the end so
        while read := os.read(ours, 65536):
            written += read
    os.close(ours)
    return written.decode(), process.wait()


def screen(written: str, columns: int) -> list[str]:
    """The lines that stand on the terminal, as far as rich's live displays need one."""
    lines, row, column = [""], 0, 0
    for part in _PARTS.findall(written):
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
        elif part.endswith("A") and part.startswith("\x1b["):
            row = max(0, row - int(part[2:-1] or 1))
        elif part.endswith("K") and part.startswith("\x1b["):
            lines[row] = ""
        elif not part.startswith("\x1b"):
            for letter in part:
                if column == columns:
                    row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
                lines[row] = lines[row].ljust(column)[:column] + letter + lines[row][column + 1 :]
                column += 1
        lines += [""] * (row + 1 - len(lines))
    return lines


def widest(written: str) -> int:
    """How many letters the longest line has that was ever written at once."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    return max(len(line) for line in re.split(r"[\r\n]+", plain))
