"""The protocol of a database: all that differs from one database to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy.engine import Dialect

from hpo.storage.waits import Wait


class Database(Protocol):
    """A database that a storage can live in.

    Attributes:
        dialect: SQLAlchemy's description of it, with named parameters.
        error: the driver's error of which all others are subclasses.
        integrity_error: what the driver raises where two rows would agree that must not.
        begin: the statement that begins a transaction which will write.
        place: what to call it in an error's text: a path, or a URL without its password.
        timeout: how many seconds to wait for what keeps it from being used now.
        read_only: whether nothing may be written to it.
        is_brief: whether a connection is closed after each use, as an open one is in the way of others.
    """

    dialect: Dialect
    error: type[Exception]
    integrity_error: type[Exception]
    begin: str
    place: str
    timeout: float
    read_only: bool
    is_brief: bool

    def connect(self, seconds: float) -> Any:
        """A new connection as the driver has it (PEP 249), which commits each statement by itself.

        It may be used by any thread, by one at a time.

        Args:
            seconds: how long to wait for a server to accept it.

        Raises:
            StorageError: there is no way to the database.
        """
        ...

    def initialise(self, cursor: Any) -> None:
        """Prepare an empty database for its tables. Another process may do so at the same time.

        Raises:
            StorageError: the database serves another purpose.
        """
        ...

    def tables(self, cursor: Any) -> set[str]:
        """The names of the tables that are there."""
        ...

    def oddity(self, cursor: Any, table: str, columns: Sequence[str]) -> str | None:
        """Why a table is none of ours, whose rows can be read and written without side effects.

        Args:
            cursor: a cursor.
            table: its name.
            columns: what ours has, in any order.

        Returns:
            The reason as the end of a sentence; None if nothing is wrong.
        """
        ...

    def check(self) -> None:
        """Check that the connection still leads to what another process would find.

        Raises:
            StorageError: it is not.
        """
        ...

    def is_whole(self, driver: Any) -> bool:
        """Whether all that was read over a connection is of one moment; if not, it has to be read again."""
        ...

    def watch(self, wait: Wait, driver: Callable[[], Any]) -> AbstractContextManager[None]:
        """In the block statements run: see to it that they end, with an error, when the wait does.

        Args:
            wait: the wait for all of them; it is to be told of a silence.
            driver: gives the connection that is in use, or None.
        """
        ...

    def is_lost(self, driver: Any, error: Exception) -> bool:
        """Whether the connection is gone, so that another one may succeed where this one failed.

        Args:
            driver: the connection; None if it was not even made.
            error: what it reported.
        """
        ...

    def is_starting(self) -> bool:
        """Whether there is a server that answers soon, although it takes no connection now."""
        ...

    def explain(self, error: Exception) -> str:
        """What went wrong and how to mend it, from an error of the driver."""
        ...
