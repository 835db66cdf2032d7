"""Few open connections at once, however many studies a process holds."""

from __future__ import annotations

import weakref
from typing import Protocol


class Resting(Protocol):
    """What can be closed for a while, and opens again when it is used."""

    def rest(self) -> bool:
        """Close it, unless it is in use; whether it is closed now."""
        ...


class Recent:
    """The connections that were used last; the others are closed until they are used again.

    An open connection to a file has two descriptors, and many systems allow a process 1,024 of them.

    Args:
        most: how many may stay open. Connections that are in use stay open beyond that.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # In the order of their last use. There is no lock, which a fork could find locked for ever: each
        # change of a dict is whole by itself.
        self._order: dict[weakref.ref[Resting], None] = {}

    def use(self, connection: Resting) -> None:
        """Take note that a connection is used now, and close those that were not used for longest."""
        used = weakref.ref(connection)
        self._order.pop(used, None)
        self._order[used] = None
        if len(self._order) > self._most:
            self._close_oldest()

    def _close_oldest(self) -> None:
        for oldest in list(self._order)[: -self._most]:
            # Out of the order first: another thread may use it, and so put it back, in between.
            self._order.pop(oldest, None)
            connection = oldest()
            if connection is not None and not connection.rest():
                self._order[oldest] = None
