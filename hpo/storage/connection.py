"""One connection to a database: for all threads of a process, and for no other process."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from hpo.errors import StorageError
from hpo.storage.database import Database
from hpo.storage.recent import Recent
from hpo.storage.waits import Wait

Result = TypeVar("Result")

# Opening one again costs as much as several appends, and a search seldom writes to more studies by turns.
_recent = Recent(most=8)
_connections: weakref.WeakSet[Connection] = weakref.WeakSet()
# What a fork has locked, by thread: two of them may fork at once.
_forking = threading.local()


class Connection:
    """A connection that is made when it is needed, and anew after an error.

    Work whose connection is lost is done again, all of it, on another one, until the `timeout` is over.

    Args:
        database: what to connect to.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Reentrant: the thread that forks may be inside a transaction.
        self._lock = threading.RLock()
        self._driver: Any = None
        self._was_connected = False
        self._gave_up = False
        self._in_use = False
        self._closed = False
        _connections.add(self)

    def __del__(self) -> None:
        # It was not closed: a study that was only read need not be.
        self._disconnect()

    def read(self, work: Callable[[Any], Result]) -> Result:
        """What `work` returns. It gets a cursor outside of any transaction, and after an outage another one.

        Raises:
            StorageError: the database reported an error, or did not answer in time; the text says what
                happened and how to mend it.
        """
        with self._lock:
            wait = Wait(self._database.place, self._database.timeout)
            self._in_use = True
            try:
                with self._database.watch(wait, lambda: self._driver):
                    return self._persist(work, wait)
            finally:
                self._in_use = False
                if self._database.is_brief:
                    self._disconnect()

    def write(self, work: Callable[[Any, bool], Result]) -> Result:
        """What `work` returns. All that it writes is committed as one transaction, or an error undoes it.

        Args:
            work: gets a cursor, and whether an earlier transaction of the same work may have been committed:
                the connection was lost before the answer came. Then it has to look for what it wrote.

        Raises:
            StorageError: as for `read`; or the database was opened to be read only.
            Exception: the driver's `integrity_error`, as it is.
        """
        if self._database.read_only:
            raise StorageError(
                f"The storage {self._database.place} was opened to be read only, so nothing is written to "
                "it. To write, open it without read_only=True."
            )
        may_be_done = False

        def transaction(cursor: Any) -> Result:
            nonlocal may_be_done
            cursor.execute(self._database.begin)
            try:
                result = work(cursor, may_be_done)
                may_be_done = True
                cursor.execute("COMMIT")
            except BaseException:  # Ctrl-C, too, must leave no transaction open
                self._undo()
                raise
            return result

        return self.read(transaction)

    def close(self) -> None:
        """Disconnect from the database, for good; work that waits for it in another thread ends."""
        self._closed = True
        with self._lock:
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

    def _persist(self, work: Callable[[Any], Result], wait: Wait) -> Result:
        while True:
            with self._errors(wait):
                result = work(self._cursor(wait.left))
                if self._database.is_whole(self._driver):
                    return result
                self._disconnect()

    @contextlib.contextmanager
    def _errors(self, wait: Wait) -> Iterator[None]:
        """Raise what an error means, or after a wait nothing: then another attempt may succeed."""
        try:
            yield
        except self._database.integrity_error:
            wait.end()
            raise
        except self._database.error as error:
            self._recover(error, wait)
        else:
            self._gave_up = False
            wait.end()

    def _recover(self, error: Exception, wait: Wait) -> None:
        """Prepare another attempt after an error, or raise what it means."""
        if self._driver is not None and not self._database.is_whole(self._driver):
            # Parts of two moments do not fit together: that is no fault of the database.
            self._disconnect()
            return
        # What was never connected is more likely a wrong address than an outage, unless a server is there.
        is_there = self._was_connected or self._database.is_starting()
        is_lost = is_there and self._database.is_lost(self._driver, error)
        text = self._database.explain(error)
        # What state it is in now is hard to know; the next one begins afresh.
        self._disconnect()
        if not is_lost:
            raise StorageError(text) from error
        # Work that comes after, such as a heartbeat, does not begin the same wait once more.
        self._gave_up = self._gave_up or not wait.again(error)
        if self._gave_up:
            raise StorageError(
                f"{text} There was no answer for {self._database.timeout:g} seconds. When the server answers "
                "again, resume: all that was committed is kept."
            ) from error

    def _cursor(self, seconds: float) -> Any:
        if self._closed:
            raise StorageError(f"The storage {self._database.place} was closed; open it again.")
        _recent.use(self)
        if self._driver is None:
            self._driver = self._database.connect(seconds)
            self._was_connected = True
        self._database.check()
        return self._driver.cursor()

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
