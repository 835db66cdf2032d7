"""Connections that are lost when a test says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hpo.storage.sql import SqlStorage
from hpo.storage.sqlite import SqliteDatabase


class Faults:
    """Says where connections are lost.

    Attributes:
        lose: whether a connection is lost here. It is called with 0 before a connection is made, and before
            and after the first statement with 0.5 and 1, the second with 1.5 and 2, and so on.
        statements: how many there were; a test sets it back.
    """

    def __init__(self) -> None:
        self.lose: Callable[[float], bool] = lambda point: False
        self.statements = 0

    def lose_once(self, point: float) -> list[float]:
        """Let a connection be lost at a point of what follows; the list is empty until it was."""
        lost: list[float] = []

        def lose(here: float) -> bool:
            if here == point and not lost:
                lost.append(here)
                return True
            return False

        self.statements, self.lose = 0, lose
        return lost


class FlakyDriver:
    """A driver's connection that is lost where the faults say so.

    Args:
        connection: the driver's own.
        faults: where it is lost.
        cut: cuts the connection off, and raises what the driver would.
    """

    def __init__(self, connection: Any, faults: Faults, cut: Callable[[Any], None]) -> None:
        self._connection = connection
        self._faults = faults
        self._cut = cut

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def cursor(self) -> _FlakyCursor:
        return _FlakyCursor(self._connection.cursor(), self)

    def run(self, statement: Callable[..., Any], arguments: Any) -> Any:
        """Run a statement, and lose the connection before or after it if the faults say so."""
        self._faults.statements += 1
        number = self._faults.statements
        self._break_at(number - 0.5)
        answer = statement(*arguments)
        self._break_at(number)
        return answer

    def _break_at(self, point: float) -> None:
        if self._faults.lose(point):
            self._cut(self._connection)


class _FlakyCursor:
    def __init__(self, cursor: Any, driver: FlakyDriver) -> None:
        self._cursor = cursor
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def execute(self, *arguments: Any) -> Any:
        return self._driver.run(self._cursor.execute, arguments)

    def executemany(self, *arguments: Any) -> Any:
        return self._driver.run(self._cursor.executemany, arguments)


class LostError(sqlite3.OperationalError):
    """The connection is gone."""


class FlakyDatabase(SqliteDatabase):
    """An SQLite file behind connections as they are to a server."""

    def __init__(self, path: Path, *, timeout: float = 60.0) -> None:
        super().__init__(path, timeout=timeout, create=True)
        self.faults = Faults()

    def connect(self, seconds: float) -> Any:
        if self.faults.lose(0):
            raise LostError("connection refused")
        return FlakyDriver(super().connect(seconds), self.faults, _cut)

    def is_lost(self, driver: Any, error: Exception) -> bool:
        return isinstance(error, LostError)


def _cut(connection: sqlite3.Connection) -> None:
    # A statement that is still read from would hold the file's lock.
    connection.rollback()
    connection.close()
    raise LostError("server closed the connection unexpectedly")


def flaky_storage(path: Path, **options: Any) -> tuple[SqlStorage, FlakyDatabase]:
    """A storage in such a database, without faults until a test sets them."""
    database = FlakyDatabase(path, **options)
    return SqlStorage(database, path.with_suffix(".files")), database
