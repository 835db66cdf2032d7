"""How long a database that does not answer is waited for, and what the user is told meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

_log = logging.getLogger(__name__)

SILENCE_SECONDS = 10.0
"""After so long a wait the user is told of it."""


class Wait:
    """A wait of some work for its database. An outage is told once, and so is its end.

    Args:
        place: what the database is called.
        seconds: how long it is waited for at most.
    """

    def __init__(self, place: str, seconds: float) -> None:
        self._place = place
        self._seconds = seconds
        self._begin = time.monotonic()
        self._pause = 0.05
        self._was_told = False

    @property
    def left(self) -> float:
        """How many seconds are left; below 0 if it is over."""
        return self._begin + self._seconds - time.monotonic()

    def again(self, error: Exception) -> bool:
        """Wait a little, as the connection was lost; whether there is time for another attempt."""
        if self.left <= 0:
            return False
        self._tell(
            f"The connection to the storage {self._place} was lost. It is made again as soon as the server "
            f"answers, for up to {self._seconds:g} s. ({' '.join(str(error).split())})"
        )
        time.sleep(min(self._pause, max(self.left, 0)))
        self._pause = min(2 * self._pause, 1.0)
        return True

    def tell_silence(self) -> None:
        """Say that there was no answer for a while."""
        self._tell(
            f"The storage {self._place} has not answered for {SILENCE_SECONDS:g} s: its server is stopped or "
            f"out of reach, or another writer holds the study. It is waited for up to {self._seconds:g} s."
        )

    def end(self) -> None:
        """Say that there is an answer again, if an outage was told."""
        if self._was_told:
            _log.warning(
                "The storage %s answers again, after %.0f s.", self._place, time.monotonic() - self._begin
            )

    def _tell(self, text: str) -> None:
        if not self._was_told:
            self._was_told = True
            _log.warning("%s", text)


class Watch:
    """A thread that looks on while a server is asked, as a server that was stopped never answers.

    Args:
        wait: the wait that is watched; it is told of the silence.
        break_off: ends the statement under way, in whatever state it is.
    """

    def __init__(self, wait: Wait, break_off: Callable[[], None]) -> None:
        self._wait = wait
        self._break_off = break_off
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="hpo-watch", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _look_on(self) -> None:
        if self._wait.left > SILENCE_SECONDS:
            if self._is_over.wait(SILENCE_SECONDS):
                return
            self._wait.tell_silence()
        pause = max(self._wait.left, 0)
        # Again and again: the work may have been between two statements.
        while not self._is_over.wait(pause):
            self._break_off()
            pause = 0.5
