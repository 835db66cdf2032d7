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
        self._is_gone = False

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Show the search from now on."""
        self._do(lambda display: display.begin(status, header))

    def print_above(self, text: str, *, is_warning: bool = False) -> None:
        """Print text above what is drawn."""
        self._do(lambda display: display.print_above(text, is_warning=is_warning))

    def forecast_known(self, text: str) -> None:
        """Pass the forecast on."""
        self._do(lambda display: display.forecast_known(text))

    def trial_ended(self, ended: EndedTrial) -> None:
        """Pass it on that a trial ended."""
        self._do(lambda display: display.trial_ended(ended))

    def tick(self) -> None:
        """Show how things are now."""
        self._do(lambda display: display.tick())

    def close(self, summary: str | None) -> None:
        """Draw no more, if anything was ever drawn."""
        if self._made is not None:
            self._do(lambda display: display.close(summary))

    def _do(self, show: Callable[[Display], None]) -> None:
        """Let the display show something, unless its terminal is gone: that ends no search of many hours."""
        if self._is_gone:
            return
        try:
            self._made = self._made or self._make()
            show(self._made)
        except OSError:
            self._is_gone = True
