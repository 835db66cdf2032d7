"""The connections of the live page: each has to ask for something soon."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PromptConnection(H11Protocol):
    """Ends a connection whose request does not arrive.

    The server holds a limited number of connections. Without this, anyone who reaches it, with the token
    or not, could open as many of them, send nothing, and keep all others out. A stream of events may stay as
    long as it likes: its request has arrived.
    """

    patience = 10.0
    """So many seconds a request may take to arrive."""

    _is_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A connection was opened."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Something of a request arrived."""
        super().data_received(data)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        if self._is_due is not None:
            self._is_due.cancel()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        # A byte now and then buys no time: what runs already goes on.
        if self._is_due is None:
            self._is_due = self.loop.call_later(self.patience, self._end_if_unasked)

    def _end_if_unasked(self) -> None:
        self._is_due = None
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.transport.close()
