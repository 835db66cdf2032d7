"""A program in a pseudo-terminal of a given width, and what its screen shows in the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

_PARTS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")


def run_in_terminal(
    script: Path, columns: int, rows: int = 24, *, arguments: Sequence[str] = ()
) -> tuple[str, int]:
    """What a Python script wrote to its terminal, and its exit code."""
    process, terminal = pty.fork()
    if not process:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        clean = {
            name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")
        }
        os.execve(sys.executable, [sys.executable, str(script), *arguments], clean | {"TERM": "xterm"})
    written = b""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # Linux says so at the end
            break
        if not read:
            break
        written += read
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    return written.decode(), os.waitstatus_to_exitcode(status)


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
