"""Files that are damaged, foreign, of another version, locked, gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpo.errors import StorageError
from hpo.storage import ClaimedError, StudyLog, open_storage
from hpo.storage.events import Event, EventKind, to_text

CREATED = Event(EventKind.STUDY_CREATED)


def report(epoch: int, text: str = "{}") -> Event:
    return Event(EventKind.REPORTED, 0, 0, epoch, text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture
def log(path: Path) -> Iterator[StudyLog]:
    storage = open_storage(path, timeout=0.2)
    yield storage.create("mlp", CREATED)
    storage.close()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_the_file_is_in_wal_mode_and_of_the_schema_s_version(path: Path, log: StudyLog) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
        assert connection.execute("SELECT version FROM hpo_schema").fetchall() == [(1,)]


def test_how_many_events_the_writer_knew_is_kept_beside_each(path: Path, log: StudyLog) -> None:
    log.append([report(1), report(2)], seen=1)
    log.append([report(3)], seen=2)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT number, epoch, seen FROM hpo_events ORDER BY number").fetchall()
    assert rows == [(0, None, 0), (1, 1, 1), (2, 2, 1), (3, 3, 2)]


def test_a_damaged_file_is_an_error_that_says_what_can_be_saved(path: Path) -> None:
    storage = open_storage(path)
    storage.create("mlp", CREATED).append([report(n, to_text({"x": "y" * 1000})) for n in range(1, 200)], 1)
    storage.close()
    with path.open("r+b") as file:
        file.seek(6 * 4096)
        file.write(b"\x5a" * 20 * 4096)
    storage = open_storage(path)
    with pytest.raises(StorageError, match=r"study\.db is damaged\. Restore a copy, or .* \.recover"):
        storage.open("mlp").events()
    storage.close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("learning_rate,error\n" * 100)
    with pytest.raises(StorageError, match=r"study\.db is no SQLite database\. Give the path of a storage"):
        open_storage(path)
    assert path.read_text() == "learning_rate,error\n" * 100


def test_a_database_of_something_else_is_refused_and_left_as_it_is(path: Path) -> None:
    change(path, "CREATE TABLE recipes (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"a database of something else: it has the tables recipes\. Give"):
        open_storage(path)
    assert path.read_bytes() == before


def test_a_storage_of_a_newer_version_is_refused(path: Path, log: StudyLog) -> None:
    change(path, "UPDATE hpo_schema SET version = 2")
    with pytest.raises(StorageError, match=r"newer polyhpo: its tables have version 2.*knows 1\. Upgrade"):
        open_storage(path)


def test_an_event_of_a_kind_that_is_not_known_is_an_error(path: Path, log: StudyLog) -> None:
    log.append([report(1)], seen=1)
    change(path, "UPDATE hpo_events SET kind = 'invented' WHERE number = 1")
    with pytest.raises(StorageError, match=r"log of 'mlp' .* an event of the kind 'invented'.*upgrade"):
        log.events()


def test_a_file_locked_for_longer_than_the_timeout_is_an_error_and_can_be_used_later(
    path: Path, log: StudyLog
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"has been locked by another process for 0\.2 seconds\. Wait"):
            log.append([report(1)], seen=1)
        assert log.events() == [CREATED]
        other.execute("ROLLBACK")
    log.append([report(1)], seen=1)
    assert log.events() == [CREATED, report(1)]


def test_a_writer_s_transaction_does_not_keep_others_from_reading(path: Path, log: StudyLog) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM hpo_events")
        assert log.events() == [CREATED]


def test_a_file_that_is_deleted_under_us_is_noticed_before_anything_is_lost(
    path: Path, log: StudyLog
) -> None:
    away = path.with_name("away.db")
    path.rename(away)
    with pytest.raises(StorageError, match=r"study\.db was deleted while it was in use\. Put it back"):
        log.append([report(1)], seen=1)
    with pytest.raises(StorageError, match=r"study\.db was deleted while it was in use"):
        log.events()
    assert not path.exists()
    away.rename(path)
    log.append([report(1)], seen=1)
    assert log.events() == [CREATED, report(1)]


def test_another_file_under_the_same_name_is_not_taken_for_the_first(path: Path, log: StudyLog) -> None:
    path.rename(path.with_name("away.db"))
    path.write_bytes(b"")
    with pytest.raises(StorageError, match=r"study\.db was replaced by another file while it was in use"):
        log.append([report(1)], seen=1)


def test_an_error_of_the_caller_s_making_undoes_the_transaction(log: StudyLog) -> None:
    with pytest.raises(StorageError, match=r"study\.db cannot be used\. \(SQLite: .*binding parameter"):
        log.append([report(1), report(object())], seen=1)  # type: ignore[arg-type]  # a wrong type, on purpose
    log.append([report(1)], seen=1)
    with pytest.raises(ClaimedError, match="has this event already"):
        log.append([report(2), report(1)], seen=2)
    assert log.events() == [CREATED, report(1)]
