"""A storage in a file: all that is particular to SQLite."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect

from hpo.errors import StorageError
from hpo.inputs import irregular
from hpo.storage.waits import Wait

# What SQLite's words mean to a user: a part of them, what happened, how to mend it.
_FAULTS = (
    (
        "locked",
        "has been locked by another process for {timeout:g} seconds",
        "Wait for that process or end it",
    ),
    ("full", "could not grow, as the disk is full", "Make room and resume: all that came before is kept"),
    ("readonly", "cannot be written", "Make the file and its folder writable, or choose another place"),
    (
        "not a database",
        "is no SQLite database",
        "Give the path of a storage, or of a file that is not there yet",
    ),
    ("malformed", "is damaged", "Restore a copy, or save what can be read with: sqlite3 FILE .recover"),
    ("unable to open", "cannot be opened", "The file and its folder must be readable and writable"),
    ("disk I/O", "could not be read or written", "See whether the disk is full, failing or out of reach"),
)

_SUFFIXES = (".db", ".sqlite", ".sqlite3")

Opened = TypeVar("Opened", bound=sqlite3.Connection)


class SqliteDatabase:
    """An SQLite file.

    In WAL mode readers and writers do not wait for each other. A transaction that writes takes its lock
    at its beginning (`BEGIN IMMEDIATE`). If it took the lock at its first write, two transactions that had
    both read before could not both go on, and SQLite would refuse one of them without waiting.

    `synchronous` is NORMAL: what is committed is in the operating system's hands, so a killed process
    loses nothing. After a power cut the file is whole but may lack the last commits; the resumed study
    does that work again. FULL would wait for the disk at each commit, seven times as long.

    Args:
        path: the file, absolute.
        timeout: how many seconds to wait for another writer.
        create: whether to make the file if it is not there.

    Raises:
        StorageError: the file is not there, or cannot be made.
    """

    dialect: Dialect = sqlite.dialect(paramstyle="named")
    error: type[Exception] = sqlite3.Error
    integrity_error: type[Exception] = sqlite3.IntegrityError
    begin = "BEGIN IMMEDIATE"
    read_only = False
    is_brief = False

    def __init__(self, path: Path, *, timeout: float, create: bool) -> None:
        self.place = str(path)
        self._path = path
        self._deleted = f"The storage {path} was deleted while it was in use. Put it back, or begin anew."
        self.timeout = timeout
        if create and not path.exists():
            try:
                self._open("rwc", sqlite3.Connection).close()
            except sqlite3.Error as error:
                raise StorageError(self.explain(error)) from error
        self._identity = self._look(_missing(path))

    def connect(self, seconds: float) -> sqlite3.Connection:
        """A connection to the file, which is not made again if it is gone.

        A file on a read-only disk can be read too, if no other process has left anything to be merged
        into it.
        """
        self._look_beside()
        connection = self._open("rw", sqlite3.Connection)
        try:
            # To connect reads nothing: this shows whether the file can be used.
            connection.execute("SELECT 1 FROM sqlite_master").fetchall()
        except sqlite3.Error:
            connection.close()
            pending = self._path.with_name(f"{self._path.name}-wal").exists()
            if pending or os.access(self._path.parent, os.W_OK):
                raise
            # In a read-only folder WAL mode has no place for its shared memory, which an immutable file does
            # not need. But of an immutable file SQLite ignores the -wal file, with the commits in it.
            connection = self._open("ro&immutable=1", sqlite3.Connection)
        # Settings of the connection and not of the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def initialise(self, cursor: sqlite3.Cursor) -> None:
        """Switch an empty file to WAL mode, which it keeps."""
        others = self.tables(cursor)
        if others and not any(name.startswith("hpo_") for name in others):
            raise StorageError(
                f"{self.place} is a database of something else: it has the tables "
                f"{', '.join(sorted(others))}. Give another path."
            )
        deadline = time.monotonic() + self.timeout
        # SQLite does not wait by itself for another process that switches at this moment.
        while not _switched(cursor, patient=time.monotonic() < deadline):
            time.sleep(0.01)

    def tables(self, cursor: sqlite3.Cursor) -> set[str]:
        """The names of the tables."""
        return {name for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def oddity(self, cursor: sqlite3.Cursor, table: str, columns: Sequence[str]) -> str | None:
        """Why a table is none of ours: a file from elsewhere may hold what runs as it is read."""
        kinds = "SELECT type, rootpage FROM sqlite_master WHERE name = ?"
        found = cursor.execute(kinds, [table]).fetchall()
        # A virtual table has no page of its own: its rows come from a program.
        if not found or found[0][0] != "table" or not found[0][1]:
            return f"{table} is {'a virtual table' if found and found[0][0] == 'table' else 'no table'}"
        # The last column of this list is 0 for what is stored, and else tells how it is computed.
        there = {name: hidden for _, name, *_, hidden in cursor.execute(f"PRAGMA table_xinfo({table})")}
        missing = [name for name in columns if there.get(name) != 0]
        if missing:
            return f"the table {table} lacks {', '.join(missing)} as columns that are stored"
        triggers = cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE", [table]
        ).fetchall()
        return f"the table {table} has a trigger, {triggers[0][0]!r:.60}" if triggers else None

    def check(self) -> None:
        """Check that the file was not deleted or replaced: SQLite would go on writing to the lost one."""
        if self._look(self._deleted) != self._identity:
            raise StorageError(
                f"The storage {self.place} was replaced by another file while it was in use. Put the "
                "first one back, or open the storage again."
            )

    def is_whole(self, driver: sqlite3.Connection) -> bool:
        """Always: each statement reads what was committed before it began."""
        return True

    def watch(
        self, wait: Wait, driver: Callable[[], sqlite3.Connection | None]
    ) -> AbstractContextManager[None]:
        """Nothing to do: SQLite itself ends a statement that waits for too long."""
        return nullcontext()

    def is_lost(self, driver: sqlite3.Connection | None, error: Exception) -> bool:
        """Never: a file that cannot be used now does not mend itself."""
        return False

    def is_starting(self) -> bool:
        """Never: a file has no server."""
        return False

    def explain(self, error: Exception) -> str:
        """What went wrong and how to mend it."""
        for part, happened, mend in _FAULTS:
            if part in str(error):
                happened = happened.format(timeout=self.timeout)
                return f"The storage {self.place} {happened}. {mend}. (SQLite: {error}.)"
        return f"The storage {self.place} cannot be used. (SQLite: {error}.)"

    def _open(self, mode: str, factory: type[Opened]) -> Opened:
        return sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self.timeout,
            # Python's module would begin transactions by itself, with a BEGIN that is not IMMEDIATE.
            isolation_level=None,
            check_same_thread=False,  # `Connection` has a lock
            factory=factory,
        )

    def _look(self, absent: str) -> tuple[int, int]:
        try:
            found = os.stat(self._path)
        except OSError as error:
            raise StorageError(absent) from error
        kind = irregular(found.st_mode)
        if kind is not None:
            raise StorageError(
                f"A storage is a regular file, and {self.place} is a {kind}. Give the path of a storage, or "
                f"of a file that is not there yet."
            )
        return found.st_dev, found.st_ino

    def _look_beside(self) -> None:
        """Refuse a pipe or a device in the place of a file that SQLite keeps beside its own."""
        for ending in ("-journal", "-wal", "-shm"):
            beside = self._path.with_name(self._path.name + ending)
            with contextlib.suppress(OSError):  # it need not be there
                kind = irregular(os.stat(beside).st_mode)
                if kind is not None:
                    raise StorageError(
                        f"The storage {self.place} cannot be opened: {beside.name} beside it is a {kind}, "
                        f"where SQLite keeps what it is about to write. Move it away."
                    )


def _switched(cursor: sqlite3.Cursor, *, patient: bool) -> bool:
    try:
        cursor.execute("PRAGMA journal_mode = WAL").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error) or not patient:
            raise
        return False
    return True


def _missing(path: Path) -> str:
    there: list[str] = []
    with contextlib.suppress(OSError):
        # By their names: to open and close a file lets go of the locks that this process has on it.
        there = sorted(file.name for file in path.parent.iterdir() if file.suffix in _SUFFIXES)
    found = f"the folder has {', '.join(there)}" if there else f"the folder has no {', '.join(_SUFFIXES)}"
    return f"There is no storage {path}; {found}."
