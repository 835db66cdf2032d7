"""A display that is made when it first shows something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hpo.tuner.progress.display import Display
from hpo.tuner.progress.status import EndedTrial, Status


class DeferredDisplay(Display):
    """Stands for a live display until there is something to show: what draws it may take long to import.

    Args:
        make: makes it.
        delay: seconds that a search must last before it is shown.
        interval: seconds from one `tick` to the next.
    """

    is_live = True

    def __init__(self, make: Callable[[], Display], *, delay: float, interval: float) -> None:
        self.delay = delay
        self.interval: float | None = interval
        self._make = make
        self._made: Display | None = None

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Show the search from now on."""
        self._display().begin(status, header)

    def print_above(self, text: str, *, is_warning: bool = False) -> None:
        """Print text above what is drawn."""
        self._display().print_above(text, is_warning=is_warning)

    def forecast_known(self, text: str) -> None:
        """Pass the forecast on."""
        self._display().forecast_known(text)

    def trial_ended(self, ended: EndedTrial) -> None:
        """Pass it on that a trial ended."""
        self._display().trial_ended(ended)

    def tick(self) -> None:
        """Show how things are now."""
        self._display().tick()

    def close(self, summary: str | None) -> None:
        """Draw no more, if anything was ever drawn."""
        if self._made is not None:
            self._made.close(summary)

    def _display(self) -> Display:
        if self._made is None:
            self._made = self._make()
        return self._made
