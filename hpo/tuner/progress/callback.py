"""What follows a search by its events, and has it shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hpo.storage.events import Event, EventKind
from hpo.study.study import Study
from hpo.tuner.progress.display import Display
from hpo.tuner.progress.price import Price
from hpo.tuner.progress.status import Status
from hpo.tuner.progress.words import about

WORTH_SAYING = 5.0
"""Seconds to go from which on a forecast is a line of its own: less is over before it is read."""


class SearchProgress:
    """Shows what a search does: give it to a tuner as `progress=`.

    In a terminal and in a notebook: a bar with the time to go, the trials under way, the incumbent. Elsewhere
    the forecast after the first epoch, then lines for trials that ended. The first failure is shown in full
    where it happens, since all trials may fail for the same reason, and so is what else needs the user's
    eyes.

    Args:
        display: where.
        status: what is known; it takes in the events.
        price: what a scheduler that stops trials early makes of all the epochs; None where each trial is
            trained to its end.
        header: lines that say what runs.
        finished: what is said of a study that has nothing left to do, and all that is said of it then.
    """

    def __init__(
        self,
        display: Display,
        status: Status,
        *,
        price: Price | None = None,
        header: Sequence[str] = (),
        finished: str | None = None,
    ) -> None:
        self._display = display
        self._status = status
        self._price = price
        self._header = header
        self._finished = finished
        self._has_begun = False
        self._said: set[str] = set()
        # Events come from the search's thread, what is drawn from one of its own.
        self._lock = threading.RLock()

    @contextmanager
    def showing(self, study: Study) -> Iterator[None]:
        """Show the study in the block; at its end a summary, unless an error ends it."""
        display, summary = self._display, None
        with self._lock:
            self._status.begin(study)
            if self._finished is not None:
                display.print_above(self._finished)
            elif display.delay <= 0:
                self._begin()
        over = threading.Event()
        clock = None
        if self._finished is None and (display.interval is not None or not self._has_begun):
            clock = threading.Thread(target=self._tick, args=(over,), name="hpo-progress", daemon=True)
            clock.start()
        try:
            yield
            summary = self._status.summary if self._finished is None else None
        finally:
            over.set()
            try:  # another Ctrl-C may come meanwhile, and the bar is not to stay
                if clock is not None:
                    clock.join()
            finally:
                self._has_begun = False
                display.close(summary)

    def print_above(self, text: str, *, is_warning: bool = False) -> None:
        """Print text above what is drawn; from any thread."""
        with self._lock:
            self._display.print_above(text, is_warning=is_warning)

    @property
    def is_live(self) -> bool:
        """Whether something is drawn now that whatever is printed past `print_above` would spoil."""
        return self._has_begun and self._display.is_live

    def on_event(self, event: Event, study: Study) -> None:
        """Take in an event of the study."""
        with self._lock:
            is_open = event.trial in self._status.pace
            ended = self._status.take(event, study)
            if event.kind is EventKind.TRIAL_STARTED:
                self._tell_retry(event)
            elif event.kind is EventKind.NONDETERMINISTIC:
                self._say_once("nondeterministic", _nondeterministic(event))
            elif event.kind is EventKind.REPORTED and is_open:
                self._tell_forecast()
                self._tell_price(event)
            elif ended is not None:
                if ended.reason is not None:
                    self._say_once("failed", f"Trial {ended.trial} failed: {ended.reason}")
                if self._has_begun:
                    self._display.trial_ended(ended)

    def _begin(self) -> None:
        self._has_begun = True
        self._display.begin(self._status, self._header)

    def _tick(self, over: threading.Event) -> None:
        wait: float | None = self._display.interval if self._has_begun else self._display.delay
        while wait is not None and not over.wait(wait):
            with self._lock:
                if self._has_begun:
                    self._display.tick()
                else:
                    self._begin()
            wait = self._display.interval

    def _tell_retry(self, event: Event) -> None:
        # Nearly all starts are the first of their trials, and need not be decoded.
        if event.attempt and "lost" in event.data:
            reason = str(event.data["lost"]).splitlines()[0]
            self._display.print_above(f"Trial {event.trial} is run again: {reason}", is_warning=True)

    def _say_once(self, topic: str, text: str) -> None:
        if topic not in self._said:
            self._said.add(topic)
            self._display.print_above(text, is_warning=True)

    def _tell_forecast(self) -> None:
        if "forecast" in self._said or not self._has_begun:
            return
        left = self._status.seconds_left if self._status.pace.epochs else None
        if left is not None:
            self._said.add("forecast")
            if left >= WORTH_SAYING:
                self._display.forecast_known(f"First epochs done; {about(left)} to go.")

    def _tell_price(self, event: Event) -> None:
        if self._price is None or event.trial is None or "price" in self._said:
            return
        # What an epoch takes may be known later than that the rung is complete.
        is_due, seconds = self._price.came(event.trial, event.epoch or 0), self._status.pace.seconds_a_unit
        if is_due and seconds is not None and self._has_begun:
            self._said.add("price")
            if (self._status.seconds_left or 0.0) >= WORTH_SAYING:
                self._display.print_above(self._price.text(seconds))


def _nondeterministic(event: Event) -> str:
    return (
        f"Warning: trial {event.trial}, run again, reported something else for epoch {event.epoch} than the "
        f"log has, which counts. The objective is not deterministic."
    )
