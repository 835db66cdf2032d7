"""Opens the storage that a user names by a path or a URL."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hpo.errors import StorageError
from hpo.storage.base import Storage

if TYPE_CHECKING:
    from sqlalchemy import URL

    from hpo.storage.database import Database

Folder: TypeAlias = "str | os.PathLike[str] | None"


def open_storage(
    target: str | os.PathLike[str] | Storage,
    *,
    folder: Folder = None,
    create: bool = True,
    read_only: bool = False,
    timeout: float = 60.0,
) -> Storage:
    """The storage that a user means.

    Args:
        target: the path of an SQLite file; a URL (`sqlite:///study.db`, `postgresql://user@host/base`); or
            a storage, which is returned as it is. A relative path counts from the folder that is current now.
        folder: where checkpoints go, for a database on a server only. Those of a file `study.db` go to
            `study.db.files`, beside it.
        create: whether a file that is not there is made; False to read what must be there.
        read_only: to read what must be there, and write nothing: no file, no lock that a writer waits for, no
            sign of life. What would write raises a StorageError.
        timeout: how many seconds to wait for another process that writes to the file, or for a server that
            does not answer or whose connection was lost.

    Raises:
        StorageError: it cannot be opened or made; the text says why.
        TypeError: `target` is nothing of the kind.
        ValueError: `folder` is missing, or given where it has no place.

    Example:
        >>> import tempfile
        >>> import hpo
        >>> from hpo.storage import open_storage
        >>> def square(config):
        ...     return config["x"] ** 2
        >>> space = {"x": hpo.Float(-1, 1)}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     storage = open_storage(f"{folder}/study.db")
        ...     for name in ("first", "second"):
        ...         study = hpo.search(square, space, num_trials=3, storage=storage, name=name)
        ...     print(storage.studies())
        ...     storage.close()
        ['first', 'second']
    """
    if isinstance(target, Storage):
        _refuse(folder, "a storage that is open")
        if read_only:
            raise ValueError(
                f"read_only=True is for a path or a URL; received a storage that is open: {target!r}. Give "
                "its path, or leave read_only out."
            )
        return target
    if not isinstance(target, str | os.PathLike):
        raise TypeError(
            f"storage= takes a path such as 'study.db', a URL, or an open storage; received {target!r}."
        )
    opening = _Opening(create and not read_only, read_only, timeout)
    if isinstance(target, str) and "://" in target:
        return _open_url(target, folder, opening)
    _refuse(folder, "a file")
    return _open_file(os.fspath(target), opening)


@dataclass(frozen=True)
class _Opening:
    """How a storage is opened, as the arguments of `open_storage` of these names say."""

    create: bool
    read_only: bool
    timeout: float


def _open_url(target: str, folder: Folder, opening: _Opening) -> Storage:
    # Here, as everywhere in this file: `import hpo` loads no database.
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(target)
    except ArgumentError as error:
        raise StorageError(f"This is no URL of a database: {target!r} ({error}).") from error
    scheme = url.drivername.partition("+")[0]
    if scheme not in _SCHEMES:
        raise StorageError(
            "A storage is an SQLite file ('study.db', sqlite:///study.db) or a PostgreSQL database "
            f"(postgresql://user@host/base); received {_shown(url)}."
        )
    return _SCHEMES[scheme](url, folder, opening)


def _open_sqlite(url: URL, folder: Folder, opening: _Opening) -> Storage:
    plain = url.drivername in ("sqlite", "sqlite+pysqlite")
    if not plain or url.query or url.host or url.database in (None, "", ":memory:"):
        raise StorageError(
            "An SQLite storage is a file: give its path, or sqlite:/// followed by it and nothing else. "
            f"To keep a study in memory, give no storage. Received {_shown(url)}."
        )
    _refuse(folder, "a file")
    return _open_file(url.database, opening)


def _open_postgresql(url: URL, folder: Folder, opening: _Opening) -> Storage:
    if folder is None:
        raise ValueError(
            "A study on a server keeps its checkpoints in a folder of this machine, which has to be named: "
            f"in Python, open_storage(url, folder='checkpoints'). Received {_shown(url)}."
        )
    from hpo.storage.postgresql import PostgresqlDatabase

    database = PostgresqlDatabase(url, timeout=opening.timeout, read_only=opening.read_only)
    return _open(database, Path(folder), opening.create)


_SCHEMES: dict[str, Callable[[URL, Folder, _Opening], Storage]] = {
    "postgresql": _open_postgresql,
    "sqlite": _open_sqlite,
}
"""What opens a storage, by the first part of its URL."""


def _open_file(name: str | None, opening: _Opening) -> Storage:
    path = Path(name or "").absolute()
    if not name or path.is_dir():
        raise StorageError(
            f"A storage is a file, and {path} is a folder. Name a file in it: {str(path / 'study.db')!r}."
        )
    if not path.parent.is_dir():
        raise StorageError(
            f"The folder {path.parent}, where the storage {path.name} was to be, is not there. Make it "
            "first, or correct the path."
        )
    from hpo.storage.sqlite import SqliteDatabase
    from hpo.storage.sqlite_reader import SqliteReader

    database: Database
    if opening.read_only:
        database = SqliteReader(path, timeout=opening.timeout)
    else:
        database = SqliteDatabase(path, timeout=opening.timeout, create=opening.create)
    return _open(database, path.with_name(f"{path.name}.files"), opening.create)


def _open(database: Database, folder: Path, create: bool) -> Storage:
    from hpo.storage.sql import SqlStorage

    return SqlStorage(database, folder.absolute(), create=create)


def _shown(url: URL) -> str:
    return repr(url.render_as_string(hide_password=True))


def _refuse(folder: Folder, target: str) -> None:
    if folder is not None:
        raise ValueError(
            f"folder= is for a database on a server; {target} has one of its own. Received folder={folder!r}."
        )
