"""A storage on a server: all that is particular to PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, NullPool, create_engine

from hpo.errors import StorageError

_DRIVERS = ("psycopg", "psycopg2")


class PostgresqlDatabase:
    """A PostgreSQL database.

    A transaction locks the row of its study before it appends, so there is one writer at a time to a
    study, and writers to other studies do not wait.

    Args:
        url: where it is; the driver is psycopg, unless the URL names psycopg2.

    Raises:
        StorageError: the driver is not installed, or cannot be used.
    """

    begin = "BEGIN"

    def __init__(self, url: URL) -> None:
        if url.drivername == "postgresql":
            # SQLAlchemy would take psycopg2.
            url = url.set(drivername="postgresql+psycopg")
        self._url = url
        self.place = url.render_as_string(hide_password=True)
        driver = url.get_driver_name()
        if driver not in _DRIVERS:
            raise StorageError(f"PostgreSQL is reached by {' or '.join(_DRIVERS)}; received {self.place}.")
        try:
            # AUTOCOMMIT, as our own statements begin and end each transaction.
            self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        except ImportError as error:
            raise StorageError(f"The storage {self.place} needs a driver: pip install {driver}.") from error
        self.dialect = self._engine.dialect
        dbapi: Any = self.dialect.dbapi
        self.error: type[Exception] = dbapi.Error
        self.integrity_error: type[Exception] = dbapi.IntegrityError

    def __reduce__(self) -> tuple[Any, ...]:
        return PostgresqlDatabase, (self._url,)

    def connect(self) -> Any:
        """A connection of its own to the server."""
        connection = self._engine.raw_connection()
        # Else SQLAlchemy closes the driver's connection as soon as its own wrapper is collected.
        connection.detach()
        return connection.dbapi_connection

    def initialise(self, cursor: Any) -> None:
        """Nothing to do: other tables may live beside ours."""

    def tables(self, cursor: Any) -> set[str]:
        """The names of the tables, as far as they are found without their schema's name.

        Within a transaction it also lets other processes wait here until the transaction ends, so that only
        one of them makes the tables.
        """
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('hpo'))")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))")
        return {name for (name,) in cursor.fetchall()}

    def check(self) -> None:
        """Nothing to see: the server answers or does not."""

    def explain(self, error: Exception) -> str:
        """The server's own text."""
        return f"The storage {self.place} cannot be used. (PostgreSQL: {str(error).strip()}.)"
