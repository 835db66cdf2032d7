"""A file that is only read stays as it is, and so does its folder; no writer notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hpo.errors import StorageError
from hpo.storage import Storage, open_storage
from hpo.storage.connection import Connection
from hpo.storage.events import Event, EventKind
from hpo.storage.sqlite_reader import SqliteReader

CREATED = Event(EventKind.STUDY_CREATED)

Found = dict[str, tuple[bytes, int]]


def report(epoch: int) -> Event:
    return Event(EventKind.REPORTED, 0, 0, epoch)


def found(folder: Path) -> Found:
    """All files of a folder with their contents and times."""
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.iterdir()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Storage]:
    storage = open_storage(path)
    storage.create("mlp", CREATED)
    yield storage
    storage.close()


def test_a_file_without_a_writer_is_read_without_a_trace(path: Path, writer: Storage) -> None:
    writer.close()
    before = found(path.parent)
    viewer = open_storage(path, read_only=True)
    assert viewer.open("mlp").events() == [CREATED]
    assert found(path.parent) == before
    viewer.close()
    assert found(path.parent) == before


def test_a_writer_cleans_up_at_its_end_as_if_there_was_no_viewer(path: Path, writer: Storage) -> None:
    viewer = open_storage(path, read_only=True)
    log = writer.open("mlp")
    log.append([report(1)], seen=1)
    assert viewer.open("mlp").events() == [CREATED, report(1)]
    writer.close()
    assert [file.name for file in path.parent.iterdir()] == ["study.db"]
    assert viewer.open("mlp").events() == [CREATED, report(1)]
    viewer.close()


def test_what_a_killed_writer_left_beside_the_file_is_read(path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from hpo.storage import open_storage\n"
        "from hpo.storage.events import Event, EventKind\n"
        "log = open_storage(sys.argv[1]).create('mlp', Event(EventKind.STUDY_CREATED))\n"
        "log.append([Event(EventKind.REPORTED, 0, 0, 1)], seen=1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], check=False)
    assert done.returncode == -signal.SIGKILL
    viewer = open_storage(path, read_only=True)
    assert viewer.open("mlp").events() == [CREATED, report(1)]
    viewer.close()


@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT parts_of_two_moments"])
def test_what_was_read_while_the_file_changed_is_read_again(
    path: Path, writer: Storage, statement: str
) -> None:
    writer.close()
    readings: list[int] = []

    def work(cursor: Any) -> int:
        readings.append(cursor.execute("SELECT count(*) FROM hpo_events").fetchone()[0])
        if len(readings) == 1:
            other = open_storage(path)
            other.open("mlp").append([report(1)], seen=1)
            other.close()
            # An error that comes of the change is none of the file's.
            cursor.execute(statement)
        return readings[-1]

    connection = Connection(SqliteReader(path, timeout=1))
    assert connection.read(work) == 2
    assert readings == [1, 2]
    connection.close()


def test_a_viewer_needs_a_file(path: Path) -> None:
    with pytest.raises(StorageError, match=r"There is no storage .*study\.db; the folder has no \.db"):
        open_storage(path, read_only=True)
    assert list(path.parent.iterdir()) == []


def test_a_viewer_makes_no_tables(path: Path) -> None:
    path.touch()
    with pytest.raises(StorageError, match=r"is no storage of studies: it has no tables of ours"):
        open_storage(path, read_only=True)
    assert found(path.parent)["study.db"][0] == b""


def test_a_viewer_is_told_that_its_file_was_deleted_or_replaced(path: Path, writer: Storage) -> None:
    viewer = open_storage(path, read_only=True)
    log = viewer.open("mlp")
    writer.close()
    path.rename(path.with_name("away.db"))
    with pytest.raises(StorageError, match=r"study\.db was deleted while it was in use\. Put it back"):
        log.events()
    open_storage(path).close()
    with pytest.raises(StorageError, match=r"was replaced by another file while it was in use"):
        log.events()
    viewer.close()


def test_a_viewer_cannot_write_by_any_statement(path: Path, writer: Storage) -> None:
    for in_use in (True, False):
        connection = Connection(SqliteReader(path, timeout=1))
        with pytest.raises(StorageError, match=r"study\.db cannot be written"):
            connection.read(lambda cursor: cursor.execute("DELETE FROM hpo_events"))
        connection.close()
        if in_use:
            writer.close()


def test_a_storage_that_is_open_cannot_be_made_read_only(writer: Storage) -> None:
    with pytest.raises(
        ValueError, match=r"read_only=True is for a path or a URL; received a storage that is"
    ):
        open_storage(writer, read_only=True)


def test_a_viewer_keeps_no_file_open(path: Path, writer: Storage) -> None:
    viewer = open_storage(path, read_only=True)
    writer.close()
    viewer.open("mlp").events()
    files = Path("/proc/self/fd")
    links = [os.readlink(link) for link in files.iterdir() if link.exists()] if files.exists() else []
    assert str(path) not in links
    viewer.close()
