"""An SQLite file that is read and never written to, whatever its writers do meanwhile."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from hpo.errors import StorageError
from hpo.storage.sqlite import SqliteDatabase

# Two changes of a file that are closer to each other may bear the same time.
_CLOCK_SECONDS = 0.02

_Stamp = tuple[int, int, int]


class SqliteReader(SqliteDatabase):
    """An SQLite file to read.

    An open connection is in the way of others, even one that reads. While it is open, the writer that ends
    last leaves its `-wal` file behind. Beside a file that has none, SQLite makes a `-wal` and a `-shm` file,
    which belong to the reader's account, so that the next writer might not be allowed to use them. Hence a
    connection is open for one reading only. A file without a `-wal` is read as immutable, without any lock
    and any other file; if it changed meanwhile, it is read again.

    Args:
        path: the file, absolute.
        timeout: how many seconds to wait for a process that mends the file after another one was killed.

    Raises:
        StorageError: the file is not there.
    """

    read_only = True
    is_brief = True

    def __init__(self, path: Path, *, timeout: float) -> None:
        super().__init__(path, timeout=timeout, create=False)

    def connect(self, seconds: float) -> sqlite3.Connection:
        """A connection to the file as it is now."""
        self._look_beside()
        stamp = self._stamp()
        if self._is_in_use() or _is_fresh(stamp):
            connection = self._open("ro", sqlite3.Connection)
        else:
            connection = unlocked = self._open("ro&immutable=1", _Unlocked)
            unlocked.stamp = stamp
        # For what is not in the mode: a virtual table could write to another file.
        connection.execute("PRAGMA query_only = ON")
        return connection

    def is_whole(self, driver: sqlite3.Connection) -> bool:
        """Whether the file stayed as it was, where no lock saw to that."""
        return not isinstance(driver, _Unlocked) or driver.stamp == self._stamp()

    def _is_in_use(self) -> bool:
        """Whether a writer has the file open, or did not end by itself: its last commits are beside it."""
        beside = (self._path.with_name(f"{self._path.name}{ending}") for ending in ("-wal", "-journal"))
        return any(path.exists() for path in beside)

    def _stamp(self) -> _Stamp:
        try:
            found = os.stat(self._path)
            if _is_fresh(_stamp_of(found)):
                time.sleep(_CLOCK_SECONDS)
                found = os.stat(self._path)
        except OSError as error:
            raise StorageError(self._deleted) from error
        return _stamp_of(found)


class _Unlocked(sqlite3.Connection):
    """A connection without locks, and what the file was when it was made."""

    stamp: _Stamp


def _stamp_of(found: os.stat_result) -> _Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _is_fresh(stamp: _Stamp) -> bool:
    return abs(time.time_ns() - stamp[0]) < _CLOCK_SECONDS * 1e9
