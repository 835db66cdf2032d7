"""A search in a terminal: a live bar, the trials under way, the incumbent."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hpo.study.tables import printable
from hpo.tuner.output.streams import end_open_lines
from hpo.tuner.progress.console import coloured, print_line
from hpo.tuner.progress.display import Display
from hpo.tuner.progress.status import EndedTrial, Status

_turn = threading.RLock()
"""Held by the search that prints or draws now: several, in threads, may have one terminal."""

_drawing: list[tuple[TerminalDisplay, TextIO, TextIO]] = []
"""What draws now, and where standard output and standard error went before: a screen has room for one."""

MOST_RUNNING = 8
BAR_WIDTHS = (8, 40)


class TerminalDisplay(Display):
    """Draws a search again and again in the last lines of a terminal.

    Args:
        console: where.
        keeps_summary: whether the summary stays when the rest vanishes.
    """

    interval: float | None = 0.25
    delay = 0.0
    is_live = True

    def __init__(self, console: Console, *, keeps_summary: bool = False) -> None:
        self._console = console
        self._keeps_summary = keeps_summary
        self._status: Status | None = None
        self._is_shown = False
        self._live: Live | None = None
        self._drawn: RenderableType = ""

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Print the header, and draw below it."""
        self._status, self._is_shown = status, True
        with _turn:
            for line in header:
                self._print(line)
            if not _drawing:
                self._draw()

    def print_above(self, text: str, *, is_warning: bool = False) -> None:
        """Print text above the bar, in the colours that a trial gives it."""
        self._print(text if is_warning else coloured(text), style="yellow" if is_warning else None)

    def forecast_known(self, text: str) -> None:
        """Nothing: the forecast stands beside the bar."""

    def trial_ended(self, ended: EndedTrial) -> None:
        """Nothing: the bar and the incumbent say it."""

    def tick(self) -> None:
        """Draw how things are now."""
        with _turn:
            if self._live is not None:
                # Kept for when something is printed meanwhile, by whatever thread: `Live` draws it again.
                self._drawn = self.drawing()
                self._live.refresh()

    def close(self, summary: str | None) -> None:
        """Remove the bar, and leave the summary if the search was shown."""
        if not self._is_shown:
            return
        self._is_shown = False
        with _turn:
            if self._live is not None:
                try:
                    self._live.stop()
                finally:
                    self._live = None
                    _drawing.clear()
            if summary is not None and self._keeps_summary:
                self._print(summary)

    def _draw(self) -> None:
        """Draw from now on."""
        _drawing.append((self, _itself(sys.stdout), _itself(sys.stderr)))
        # Drawn by `tick` only. What others print comes by `print_above`, see `hpo.tuner.output.streams`.
        self._live = Live(
            get_renderable=lambda: self._drawn,
            console=self._console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        self.tick()

    def _print(self, text: Text | str, style: str | None = None) -> None:
        """Print a line: above what is drawn, be it by another search, else below what trials printed."""
        with _turn:
            if _drawing:
                print_line(_drawing[0][0]._console, text, style=style)
            else:
                end_open_lines(self._console.file)
                print_line(self._console, text, style=style)

    def drawing(self) -> RenderableType:
        """The bar, the trials under way and the incumbent, no line wider than the terminal."""
        status = self._status
        if status is None:
            return ""
        lines: list[RenderableType] = [self._bar(status)]
        under_way = status.running()
        # All members of a cohort, as far as the screen has room beside the bar and the incumbent.
        most = max(MOST_RUNNING, self._console.height - 4)
        lines += [Text(printable(text), no_wrap=True, overflow="ellipsis") for text in under_way[:most]]
        if len(under_way) > most:
            lines.append(Text(f"... and {len(under_way) - most} more trials run"))
        if status.incumbent is not None:
            text = printable(status.incumbent)
            lines.append(Text(text, style="bold green", no_wrap=True, overflow="ellipsis"))
        return Group(*lines)

    def _bar(self, status: Status) -> RenderableType:
        state = status.bar_text
        low, high = BAR_WIDTHS
        room = self._console.width - len(state) - 2
        grid = Table.grid(padding=(0, 1))
        total, completed = status.length
        if room >= low and total is not None:
            grid.add_row(ProgressBar(total=total, completed=completed, width=min(room, high)), state)
        else:
            grid.add_row(state)
        return grid


def _itself(stream: TextIO) -> TextIO:
    """The stream behind one that writes above what is drawn."""
    behind: TextIO = getattr(stream, "rich_proxied_file", stream)
    return behind


def _after_fork() -> None:
    # A child that an objective forked draws nothing, and must not wait for a lock that a thread of its parent
    # had: what it prints goes where it would without a bar.
    global _turn
    _turn = threading.RLock()
    if _drawing:
        [(_, sys.stdout, sys.stderr)] = _drawing
        _drawing.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork)
