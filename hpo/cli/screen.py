"""What the command writes: fields, tables, bars of downloads, and one JSON document."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from hpo.study.tables import table_lines
from hpo.tuner.progress.console import is_live, is_to_be_copied, print_line

LABEL_WIDTH = 10
MEGABYTE = 1e6


def print_fields(console: Console, fields: Iterable[tuple[str, str]]) -> None:
    """Print lines of a label and a text, which wraps under itself in a terminal and not at all in a file."""
    fields = list(fields)
    width = max([LABEL_WIDTH, *(len(label) + 2 for label, _ in fields)])
    for label, text in fields:
        start = f"{label:<{width}}"
        if console.is_terminal and not is_to_be_copied(console, text):
            # Wrapped with an indent in the label's place, which is then cut off.
            text = textwrap.fill(
                text,
                max(20, console.width - 1),
                initial_indent=" " * width,
                subsequent_indent=" " * width,
                break_on_hyphens=False,
                break_long_words=False,
            )[width:]
        print_line(console, f"{start}{text}")


def print_table(
    console: Console,
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    bold_row: int | None = None,
    movable: Sequence[str] | None = None,
) -> None:
    """Print a table, no wider than the terminal; in a file as wide as it is.

    Args:
        console: where.
        names: the columns.
        rows: their values.
        bold_row: the index of the row to set off.
        movable: columns that leave a narrow terminal for lines under each row, the first one first; None for
            all but the first one.
    """
    width = console.width if console.is_terminal else None
    for line in table_lines(names, rows, width=width, movable=movable):
        style = "bold" if line.row is None else "bold green" if line.row == bold_row else None
        console.print(line.text, style=style, soft_wrap=True)


@contextmanager
def only_documents(wanted: bool) -> Iterator[TextIO]:
    """Reserve standard output for JSON documents: whatever else is printed goes to standard error.

    That holds for prints of a user's objective, of C libraries and of child processes, too.
    """
    output = sys.stdout
    if not wanted:
        yield output
        return
    output.flush()
    saved = None
    with suppress(OSError, ValueError):  # a test's or a notebook's stand-in may have no descriptor
        if output.fileno() == 1:
            saved = os.dup(1)
            os.dup2(2, 1)
    try:
        sys.stdout = sys.stderr
        if saved is None:
            yield output
        else:
            # A copy, since closing the file closes its descriptor, and `saved` is needed again.
            with os.fdopen(os.dup(saved), "w", encoding="utf-8") as real:
                yield real
    finally:
        sys.stdout = output
        if saved is not None:
            os.dup2(saved, 1)
            os.close(saved)


def write_document(output: TextIO, document: dict[str, Any]) -> None:
    """Write one JSON document, strictly of the standard: without NaN and infinity."""
    output.write(json.dumps(document, indent=2, allow_nan=False) + "\n")
    output.flush()


class DownloadProgress:
    """A bar for each file that is downloaded; in a file a line. Nothing where nothing is downloaded.

    Use as a context manager, and give its `update` to the functions of `hpo.datasets`.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._named: set[str] = set()

    def update(self, name: str, received: int, total: int) -> None:
        """Take in how many bytes of a file are there."""
        if not is_live(self._console):
            if name not in self._named:
                self._named.add(name)
                print_line(self._console, f"Downloading {name} ({total / MEGABYTE:.1f} MB)")
            return
        if self._bars is None:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                console=self._console,
            )
            self._bars.start()
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=received, total=total)

    def __enter__(self) -> DownloadProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
