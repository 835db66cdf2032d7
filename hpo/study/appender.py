"""How events come into a study's log, to which other tuners may write, too."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from hpo.errors import StorageError
from hpo.storage import ClaimedError
from hpo.storage.events import Event, EventKind, to_text
from hpo.study.study import Study

Callback: TypeAlias = Callable[[Event, Study], None]
"""Is called with each event after the study has taken it in."""


class LogEntry(NamedTuple):
    """An event that is to be recorded.

    Attributes:
        event: what is in the log.
        data: its content, which need not be decoded again.
    """

    event: Event
    data: Mapping[str, Any]


class Appender:
    """Commits events to a study's log, and lets the study take them in.

    An event is committed to the storage, if there is one, before anything is done that follows from it. If
    a commit fails, because the disk is full, say, its events are committed with the next one that succeeds.

    The study takes events in as the log has them, in its order, those of other tuners and its own alike. Its
    own come too late if another tuner has taken their trial over: then they have no effect. Only what waits
    for a commit is taken in ahead of the log, and once more at its place there.

    Args:
        study: a study with its first event, or one that continues.
        callbacks: receive every event that is written, and those of other tuners on the same study.
        clock: returns seconds, and never goes back.
    """

    def __init__(
        self,
        study: Study,
        callbacks: Iterable[Callback] = (),
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._history = study.history
        self._study = study
        self._callbacks = tuple(callbacks)
        # The last events of the history, which the log outside does not have yet.
        self._ahead: list[Event] = []
        self._untold: deque[Event] = deque()
        self._holds = 0
        self._clock = clock
        self._offset = 0.0
        self.wind_clock()

    def wind_clock(self) -> None:
        """Let the study's own time continue from its last event, so that a pause is no work on it."""
        log = self._history.events
        worked = log.elapsed(len(log) - 1) if log else 0.0
        self._offset = self._clock() - worked

    def begin(self) -> None:
        """Tell the callbacks of the study's first event, which was written before this writer existed."""
        if self._callbacks:
            self._untold.append(self._history.events[0])
            self._tell()

    @contextmanager
    def watched_by(self, callback: Callback) -> Iterator[None]:
        """Let a callback receive the events of the block, before the other ones."""
        others = self._callbacks
        self._callbacks = (callback, *others)
        try:
            yield
        finally:
            self._callbacks = others

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit all that is recorded inside the block at once, at the end of the outermost block."""
        if not self._holds:
            # What others write from now on comes between, and costs a rewind.
            self.read_on()
        self._holds += 1
        try:
            yield
        finally:
            # After an error, too: what was recorded has happened, and its trial may have trained an epoch.
            self._holds -= 1
            if not self._holds:
                self._commit()
                self._tell()

    def read_on(self) -> None:
        """Read the events that other tuners wrote."""
        store = self._history.store
        if store is not None:
            self._take_in(store.events(self._num_known))
            self._tell()

    def commit(self) -> bool:
        """Commit what waits; whether other tuners' events came before it."""
        if not self._ahead:
            return False
        expected = len(self._history.events)
        self._commit()
        return len(self._history.events) > expected

    @property
    def _num_known(self) -> int:
        """How many events of the log outside were read."""
        return len(self._history.events) - len(self._ahead)

    def _entry(
        self,
        kind: EventKind,
        data: Mapping[str, Any],
        trial: int | None = None,
        attempt: int = 0,
        epoch: int | None = None,
    ) -> LogEntry:
        now = self._clock() - self._offset
        return LogEntry(Event(kind, trial, attempt, epoch, to_text(data), time.time(), now), data)

    def _record(self, *entries: LogEntry) -> None:
        """Record what only this tuner can record."""
        if self._holds:
            self._take_ahead(entries)
            return
        try:
            self._commit(*entries)
        except StorageError:
            # It has happened all the same, and is committed with the next commit.
            self._take_ahead(entries)
            raise
        self._tell()

    def _claim(self, *entries: LogEntry) -> None:
        """Record what another tuner may record, too: the log decides who was first.

        Raises:
            ClaimedError: another one did, or what it is about is over; its events have been taken in.
        """
        try:
            self._commit(*entries)
        except ClaimedError:
            self.read_on()
            raise
        self._tell()
        if self._history.came_late(len(self._history.events) - 1):
            raise ClaimedError(
                f"Another tuner's events came before {entries[-1].event}, which has no effect."
            )

    def _commit(self, *entries: LogEntry) -> None:
        """Commit what waits and these entries, and take them in after what others wrote before."""
        new = [*self._ahead, *(entry.event for entry in entries)]
        if new and self._history.store is not None:
            self._take_in(self._history.store.append(new, self._num_known))
        for entry in entries:
            self._history.append(*entry)
        self._ahead = []
        self._untold += new

    def _take_in(self, others: Sequence[Event]) -> None:
        """Add other tuners' events to the history, before what waits for a commit."""
        moved = self._ahead if others else []
        if moved:
            self._history.rewind(self._num_known)
        for event in [*others, *moved]:
            self._history.append(event)
        self._untold += others

    def _take_ahead(self, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            self._history.append(*entry)
            self._ahead.append(entry.event)

    def _tell(self) -> None:
        while self._untold:
            # Out of the list first: a callback that raises is not called again with the same event.
            event = self._untold.popleft()
            for callback in self._callbacks:
                callback(event, self._study)
