"""A search in a notebook: HTML that is updated where it stands."""

from __future__ import annotations

import html
import sys
from collections.abc import Sequence
from typing import Any

from hpo.study.tables import printable
from hpo.tuner.progress.display import Display
from hpo.tuner.progress.status import EndedTrial, Status

MOST_RUNNING = 8


class NotebookDisplay(Display):
    """Draws a search in the output of the cell that runs it, and leaves a summary there.

    Args:
        delay: seconds that a search must last before it is drawn.
    """

    interval: float | None = 0.5
    is_live = False
    """What is printed meanwhile stands below it, and spoils nothing."""

    def __init__(self, *, delay: float = 0.0) -> None:
        self.delay = delay
        self._header: Sequence[str] = ()
        self._status: Status | None = None
        self._handle: Any = None
        self._drawn = ""

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Draw in the cell that runs."""
        from IPython.display import display

        self._status, self._header = status, header
        self._drawn = self.drawing()
        self._handle = display(self._formats(), raw=True, display_id=True)

    def print_above(self, text: str, *, is_warning: bool = False) -> None:
        """Print text into the cell."""
        print(printable(text), file=sys.stderr if is_warning else sys.stdout)

    def forecast_known(self, text: str) -> None:
        """Nothing: the forecast stands beside the bar."""

    def trial_ended(self, ended: EndedTrial) -> None:
        """Nothing: the bar and the incumbent say it."""

    def tick(self) -> None:
        """Draw how things are now, if that is another picture."""
        if self._handle is not None:
            self._update(self.drawing())

    def close(self, summary: str | None) -> None:
        """Put a summary in the place of the bar, also where an error ended the search."""
        if self._handle is not None and self._status is not None:
            self._update(_block([*self._header, summary or self._status.summary]))
            self._handle = None

    def drawing(self) -> str:
        """The header, the bar, the trials under way and the incumbent as HTML, all text escaped."""
        status = self._status
        if status is None:
            return ""
        under_way = status.running()
        lines = under_way[:MOST_RUNNING]
        if len(under_way) > len(lines):
            lines.append(f"... and {len(under_way) - len(lines)} more trials run")
        best = [] if status.incumbent is None else [status.incumbent]
        return _block(self._header) + _bar(status) + _block([*lines, *best])

    def _update(self, drawn: str) -> None:
        if drawn != self._drawn:
            self._drawn = drawn
            self._handle.update(self._formats(), raw=True)

    def _formats(self) -> dict[str, str]:
        """What is drawn, and a line for where a notebook is turned into text."""
        return {"text/html": self._drawn, "text/plain": "" if self._status is None else self._status.summary}


def _bar(status: Status) -> str:
    total, completed = status.length
    # Without a value the bar of a browser says that it does not know the end.
    known = "" if total is None else f' max="{total:g}" value="{min(completed, total):g}"'
    return f'<div><progress{known} aria-label="progress"></progress> {html.escape(status.bar_text)}</div>'


def _block(lines: Sequence[str]) -> str:
    style = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
    return "".join(f'<div style="{style}">{html.escape(printable(line))}</div>' for line in lines)
