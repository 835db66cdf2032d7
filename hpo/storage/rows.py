"""Events as rows of a table, and back; and how a writer finds its own among them."""

from __future__ import annotations

import contextlib
import gc
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hpo.errors import StorageError
from hpo.storage.base import StudyLog
from hpo.storage.events import MOST_LETTERS, Event, EventKind


class UnknownKindError(Exception):
    """An event is of a kind that this version does not know.

    Attributes:
        number: the event's number.
        kind: what the row has as its kind.
    """

    def __init__(self, number: int, kind: object) -> None:
        super().__init__(number, kind)
        self.number = number
        self.kind = kind


class RowError(Exception):
    """A row is no event of a log; the text says which and why."""


def damaged(log: StudyLog, said: str) -> StorageError:
    """The error to raise for a log that cannot be read.

    Args:
        log: the log.
        said: which event is wrong, and why.
    """
    return StorageError(
        f"The study {log.name!r} in {log.place} cannot be read. {said}. Restore a copy of the storage, or "
        f"begin another study."
    )


def row_of(study: int, seen: int, number: int, event: Event) -> dict[str, Any]:
    """The row of the table of events that holds an event.

    Args:
        study: the number of its study.
        seen: how many events its writer knew.
        number: its place in the log.
        event: what it holds.
    """
    return {
        "study": study,
        "number": number,
        "kind": event.kind.value,
        "trial": event.trial,
        "attempt": event.attempt,
        "epoch": event.epoch,
        "text": event.text,
        "time": event.time,
        "elapsed": event.elapsed,
        "seen": seen,
    }


def place_of(events: Sequence[Event], log: Sequence[Event]) -> int | None:
    """Where in a log these events are, one after the other, with the same times; None if they are not."""
    wanted, found = list(map(_in_full, events)), list(map(_in_full, log))
    places = range(len(found) - len(wanted) + 1)
    return next((place for place in places if found[place : place + len(wanted)] == wanted), None)


def events_of(rows: Iterable[tuple[Any, ...]], since: int) -> list[Event]:
    """Events from rows of number, kind, trial, attempt, epoch, text, time and elapsed, in order.

    Args:
        rows: the rows; a text that is too long is None in them.
        since: the number of the first one.

    Raises:
        UnknownKindError: an event is of no known kind.
        RowError: an event is missing, has no text, or one that is too long or no UTF-8.
    """
    events: list[Event] = []
    add, expected = events.append, since
    try:
        with _no_collection():
            for number, kind, trial, attempt, epoch, text, time, elapsed in rows:
                if number != expected:
                    raise RowError(f"Event {expected} is missing: event {number!r} comes in its place")
                if text is None:
                    raise RowError(
                        f"Event {number} is malformed: expected a text of at most {MOST_LETTERS} letters"
                    )
                # SQLite keeps NaN as NULL.
                time = math.nan if time is None else time
                elapsed = math.nan if elapsed is None else elapsed
                add(Event(_KINDS[kind], trial, attempt, epoch, text, time, elapsed))
                expected += 1
    except KeyError as error:
        raise UnknownKindError(expected, kind) from error
    except Exception as error:
        # The driver of SQLite decodes texts as it reads a row, and says so by a general error.
        if "UTF-8" not in str(error):
            raise
        number = expected + _READS_AHEAD
        raise RowError(f"Event {number} is malformed: expected UTF-8") from error
    return events


def _in_full(event: Event) -> tuple[Any, ...]:
    # The times are no part of an event's equality, and NaN equals nothing.
    return (event, *(None if math.isnan(moment) else moment for moment in (event.time, event.elapsed)))


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the garbage collector, which would look through a growing list of events again and again.

    It took more than half of the time of reading a long log.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_KINDS: dict[object, EventKind] = {kind.value: kind for kind in EventKind}
# Python's driver of SQLite has decoded the next row when it returns one.
_READS_AHEAD = sys.version_info < (3, 11)
