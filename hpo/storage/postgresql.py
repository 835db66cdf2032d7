"""A storage on a server: all that is particular to PostgreSQL."""

from __future__ import annotations

import contextlib
import math
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import URL
from sqlalchemy.engine import Dialect

from hpo.errors import StorageError
from hpo.storage.waits import SILENCE_SECONDS, Wait, Watch

# Each with what pip installs. Without its binary part psycopg needs a library of the system.
_DRIVERS = {"psycopg": '"polyhpo[postgresql]"', "psycopg2": "psycopg2"}

# The states (SQLSTATE) that say that the server ended the connection: it shuts down, crashed or starts up;
# the connection failed; a transaction was idle for too long.
_LOST = ("57P", "08", "25P03")

# The network's own signs of life, for a server whose computer or network is gone; and the encoding of all
# text, which the driver would leave as bytes where the database has none.
_OPTIONS: dict[str, str | int] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": int(1000 * SILENCE_SECONDS),
    "client_encoding": "utf8",
}


class PostgresqlDatabase:
    """A PostgreSQL database.

    A transaction locks the row of its study before it appends, so there is one writer at a time to a
    study, and writers to other studies do not wait.

    Args:
        url: where it is; the driver is psycopg, unless the URL names psycopg2.
        timeout: how many seconds to wait for a server that does not answer.
        read_only: whether the server is to refuse all that would write.

    Raises:
        StorageError: the driver is not installed, or cannot be used.
    """

    # The server ends a transaction whose writer is suspended or was cut off, as it keeps others waiting.
    begin = f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '{SILENCE_SECONDS:g}s'"
    is_brief = False

    def __init__(self, url: URL, *, timeout: float, read_only: bool = False) -> None:
        if url.drivername == "postgresql":
            # SQLAlchemy would take psycopg2.
            url = url.set(drivername="postgresql+psycopg")
        self._url = url
        self.place = url.render_as_string(hide_password=True)
        self.timeout = timeout
        self.read_only = read_only
        driver = url.get_driver_name()
        if driver not in _DRIVERS:
            raise StorageError(f"PostgreSQL is reached by {' or '.join(_DRIVERS)}; received {self.place}.")
        dialect: Any = url.get_dialect()
        try:
            dbapi = dialect.import_dbapi()
        except ImportError as error:
            raise StorageError(
                f"The storage {self.place} needs a driver: pip install {_DRIVERS[driver]}. ({error})"
            ) from error
        self.dialect: Dialect = dialect(dbapi=dbapi)
        self._dbapi = dbapi
        self._arguments, self._options = self.dialect.create_connect_args(url)
        self.error: type[Exception] = dbapi.Error
        self.integrity_error: type[Exception] = dbapi.IntegrityError

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(PostgresqlDatabase, timeout=self.timeout, read_only=self.read_only), (self._url,)

    def connect(self, seconds: float) -> Any:
        """A connection of its own to the server."""
        # What the URL says comes last. libpq takes whole seconds, two at least.
        options = {**_OPTIONS, "connect_timeout": max(2, math.ceil(seconds)), **self._options}
        driver = self._dbapi.connect(*self._arguments, **options)
        # Our own statements begin and end each transaction.
        driver.autocommit = True
        if self.read_only:
            driver.cursor().execute("SET default_transaction_read_only = on")
        return driver

    def initialise(self, cursor: Any) -> None:
        """Nothing to do: other tables may live beside ours."""

    def tables(self, cursor: Any) -> set[str]:
        """The names of the tables, as far as they are found without their schema's name.

        Within a transaction it also lets other processes wait here until the transaction ends, so that only
        one of them makes the tables.
        """
        if not self.read_only:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('hpo'))")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))")
        return {name for (name,) in cursor.fetchall()}

    def oddity(self, cursor: Any, table: str, columns: Sequence[str]) -> str | None:
        """Nothing is odd: what a server holds its owner put there, and it comes in no file."""
        return None

    def check(self) -> None:
        """Nothing to see: the server answers or does not."""

    def is_whole(self, driver: Any) -> bool:
        """Always: each statement reads what was committed before it began."""
        return True

    def watch(self, wait: Wait, driver: Callable[[], Any]) -> Watch:
        """A watch that shuts the connection's socket: the driver would wait for its server for ever."""
        return Watch(wait, lambda: self._shut(driver()))

    def is_lost(self, driver: Any, error: Exception) -> bool:
        """Whether the server ended the connection, or is not reached."""
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""
        return driver is None or bool(driver.closed) or state.startswith(_LOST)

    def is_starting(self) -> bool:
        """Whether the server starts, ends or recovers. libpq can say it, and psycopg hands that on."""
        pq = getattr(self._dbapi, "pq", None)
        if pq is None:
            return False
        # SQLAlchemy adds what is no option of libpq.
        options = {name: value for name, value in self._options.items() if isinstance(value, (str, int))}
        told = self._dbapi.conninfo.make_conninfo(
            *self._arguments, **{**_OPTIONS, "connect_timeout": 2, **options}
        )
        return bool(pq.PGconn.ping(told.encode()) == pq.Ping.REJECT)

    def explain(self, error: Exception) -> str:
        """The server's own text."""
        text = " ".join(str(error).split()).rstrip(".")
        return f"The storage {self.place} cannot be used. (PostgreSQL: {text}.)"

    def _shut(self, driver: Any) -> None:
        # The connection may not be made yet, or have just been closed.
        with (
            contextlib.suppress(OSError, AttributeError, self.error),
            socket.fromfd(driver.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)
