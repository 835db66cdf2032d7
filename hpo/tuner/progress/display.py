"""The protocol of what shows a search while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hpo.tuner.progress.status import EndedTrial, Status


class Display(Protocol):
    """Shows a search in one kind of place: a terminal, a notebook, a pipe.

    `SearchProgress` calls it, one call at a time, from the search's thread and from one of its own.

    Attributes:
        interval: seconds from one `tick` to the next; None for no ticks.
        delay: seconds that a search must last before it is shown.
        is_live: whether it draws again and again in one place, which anything that is printed past
            `print_above` would spoil.
    """

    interval: float | None
    delay: float
    is_live: bool

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Show the search from now on.

        Args:
            status: what is known, by now and in each later call.
            header: lines that say what runs.
        """
        ...

    def print_above(self, text: str, *, is_warning: bool = False) -> None:
        """Print text above what is drawn, at once; also before `begin`, and while nothing is drawn."""
        ...

    def forecast_known(self, text: str) -> None:
        """Take in the first forecast of how long the search lasts."""
        ...

    def trial_ended(self, ended: EndedTrial) -> None:
        """Take in that a trial ended."""
        ...

    def tick(self) -> None:
        """Show how things are now."""
        ...

    def close(self, summary: str | None) -> None:
        """Draw no more; leave a summary, if there is one. Also called where `begin` never was."""
        ...
