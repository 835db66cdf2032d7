"""Events as rows of a table, and how a writer finds its own among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hpo.storage.events import Event


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


def _in_full(event: Event) -> tuple[Any, ...]:
    # The times are no part of an event's equality, and NaN equals nothing.
    return (event, *(None if math.isnan(moment) else moment for moment in (event.time, event.elapsed)))
