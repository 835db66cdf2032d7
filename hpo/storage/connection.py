"""One connection to a database: for all threads of a process, and for no other process."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from typing import Any

from hpo.errors import StorageError
from hpo.storage.database import Database
from hpo.storage.recent import Recent

# Opening one again costs as much as several appends, and a search seldom writes to more studies by turns.
_recent = Recent(most=8)
_connections: weakref.WeakSet[Connection] = weakref.WeakSet()
# What a fork has locked, by thread: two of them may fork at once.
_forking = threading.local()


class Connection:
    """A connection that is made when it is needed, and anew after an error.

    Args:
        database: what to connect to.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Reentrant: the thread that forks may be inside a transaction.
        self._lock = threading.RLock()
        self._driver: Any = None
        self._in_use = False
        self._closed = False
        _connections.add(self)

    def __del__(self) -> None:
        # It was not closed: a study that was only read need not be.
        self._disconnect()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Any]:
        """A cursor to read with, outside of any transaction.

        Raises:
            StorageError: the database reported an error; the text says what happened and how to mend it.
        """
        with self._lock, self._errors():
            yield self._cursor()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Any]:
        """A cursor in a transaction, which is committed at the block's end; an error undoes all of it.

        Raises:
            StorageError: as for reading.
            Exception: the driver's `integrity_error`, as it is.
        """
        with self._lock, self._errors():
            cursor = self._cursor()
            cursor.execute(self._database.begin)
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:  # Ctrl-C, too, must leave no transaction open
                self._undo()
                raise

    def close(self) -> None:
        """Disconnect from the database, for good."""
        with self._lock:
            self._closed = True
            self._disconnect()

    def rest(self) -> bool:
        """Disconnect until the next use, unless it is in use; whether it is disconnected now."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            # The lock was no obstacle to the thread that has it already.
            if not self._in_use:
                self._disconnect()
            return not self._in_use
        finally:
            self._lock.release()

    def before_fork(self) -> None:
        """Wait for the transaction of another thread, and disconnect.

        SQLite keeps the locks of all its connections in memory, and a process that inherits this memory
        without the locks can lose what it writes, with a connection of its own too.
        """
        self._lock.acquire()
        self._disconnect()

    def after_fork(self) -> None:
        """Go on, in either process, with a new connection."""
        self._lock.release()

    def _cursor(self) -> Any:
        if self._closed:
            raise StorageError(f"The storage {self._database.place} was closed; open it again.")
        _recent.use(self)
        if self._driver is None:
            self._driver = self._database.connect()
        self._database.check()
        return self._driver.cursor()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        self._in_use = True
        try:
            yield
        except self._database.integrity_error:
            raise
        except self._database.error as error:
            text = self._database.explain(error)
            # What state it is in now is hard to know; the next one begins afresh.
            self._disconnect()
            raise StorageError(text) from error
        finally:
            self._in_use = False

    def _undo(self) -> None:
        try:
            self._driver.cursor().execute("ROLLBACK")
        except self._database.error:
            # The database did it already, or is out of reach: without a connection nothing is pending.
            self._disconnect()

    def _disconnect(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            try:  # noqa: SIM105  # when Python ends, the modules may be gone before the connection
                driver.close()
            except self._database.error:
                pass


def _before_fork() -> None:
    # A strong reference to each: one that was collected in between would stay locked, and one that another
    # thread makes meanwhile was never locked.
    _forking.connections = list(_connections)
    for connection in _forking.connections:
        connection.before_fork()


def _after_fork() -> None:
    for connection in _forking.connections:
        connection.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
