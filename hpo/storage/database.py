"""The protocol of a database: all that differs from one database to another."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy.engine import Dialect


class Database(Protocol):
    """A database that a storage can live in.

    Attributes:
        dialect: SQLAlchemy's description of it, with named parameters.
        error: the driver's error of which all others are subclasses.
        integrity_error: what the driver raises where two rows would agree that must not.
        begin: the statement that begins a transaction which will write.
        place: what to call it in an error's text: a path, or a URL without its password.
    """

    dialect: Dialect
    error: type[Exception]
    integrity_error: type[Exception]
    begin: str
    place: str

    def connect(self) -> Any:
        """A new connection as the driver has it (PEP 249), which commits each statement by itself.

        It may be used by any thread, by one at a time.

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

    def check(self) -> None:
        """Check that the connection still leads to what another process would find.

        Raises:
            StorageError: it is not.
        """
        ...

    def explain(self, error: Exception) -> str:
        """What went wrong and how to mend it, from an error of the driver."""
        ...
