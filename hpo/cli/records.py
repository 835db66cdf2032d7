"""What the library logs while a command runs, on the command's screen."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console

from hpo.cli.syntax import as_typed
from hpo.tuner.progress.console import print_line


class _Lines(logging.Handler):
    """Prints warnings, in the syntax of the command."""

    def __init__(self, console: Console, options: Mapping[str, str]) -> None:
        super().__init__(logging.WARNING)
        self._console = console
        self._options = options

    def emit(self, record: logging.LogRecord) -> None:
        text = as_typed(record.getMessage(), self._options)
        print_line(self._console, f"Warning: {text}", style="yellow")


@contextmanager
def records_told(console: Console, options: Mapping[str, str]) -> Iterator[None]:
    """In the block warnings of the library are lines of the command, above what is drawn.

    Args:
        console: where.
        options: the options of this command by the name of their argument, as for `as_typed`.
    """
    logger, lines = logging.getLogger("hpo"), _Lines(console, options)
    logger.addHandler(lines)
    try:
        yield
    finally:
        logger.removeHandler(lines)
