from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql

from hpo.errors import StorageError
from hpo.storage import open_storage
from hpo.storage.events import Event, EventKind
from hpo.storage.schema import Statements

CREATED = Event(EventKind.STUDY_CREATED)


@pytest.mark.parametrize("form", ["{0}", "sqlite:///{0}", "sqlite+pysqlite:///{0}"])
def test_a_path_and_a_url_open_the_same_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a b?#%41.db" if "://" not in form else tmp_path / "study.db"
    storage = open_storage(form.format(path))
    storage.create("mlp", CREATED)
    storage.close()
    again = open_storage(path)
    assert again.studies() == ["mlp"]
    assert repr(again) == f"<SqlStorage {path}>"
    again.close()


def test_a_relative_path_is_of_the_folder_of_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    storage = open_storage("study.db")
    monkeypatch.chdir(tmp_path / "elsewhere")
    log = storage.create("mlp", CREATED)
    storage.close()
    assert (tmp_path / "study.db").exists()
    assert log.folder == tmp_path / "study.db.files" / "mlp"


def test_an_open_storage_is_given_back(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "study.db")
    assert open_storage(storage) is storage
    with pytest.raises(
        ValueError, match=r"folder= is for a database on a server; a storage that is open has"
    ):
        open_storage(storage, folder=tmp_path)
    storage.close()


def test_what_is_no_storage_is_refused() -> None:
    with pytest.raises(TypeError, match=r"storage= takes a path such as 'study.db', .*; received 3\."):
        open_storage(3)  # type: ignore[arg-type]  # a wrong type, on purpose


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match=r"The folder .*runs, where the storage study\.db was to be, is not"
    ):
        open_storage(tmp_path / "runs" / "study.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "."])
def test_a_folder_is_no_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match=r"is a folder\. Name a file in it: '.*study\.db'"):
        open_storage(name)


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
@pytest.mark.parametrize("create", [True, False])
def test_what_is_no_regular_file_is_no_storage(tmp_path: Path, kind: str, create: bool) -> None:
    path = tmp_path / "study.db"
    with socket.socket(socket.AF_UNIX) as bound:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            bound.bind(os.fspath(path))
        with pytest.raises(
            StorageError, match=rf"regular file, and .*study\.db is a {kind}\. Give the path of"
        ):
            open_storage(path, create=create)


@pytest.mark.parametrize("ending", ["-journal", "-wal", "-shm"])
def test_a_pipe_beside_a_storage_is_not_waited_for(tmp_path: Path, ending: str) -> None:
    open_storage(tmp_path / "study.db").close()
    os.mkfifo(tmp_path / f"study.db{ending}")
    with pytest.raises(StorageError, match=rf"study\.db{ending} beside it is a pipe, .*Move it away"):
        open_storage(tmp_path / "study.db", create=False)


def test_a_link_to_nothing_is_no_storage_to_read(tmp_path: Path) -> None:
    (tmp_path / "study.db").symlink_to(tmp_path / "gone")
    with pytest.raises(StorageError, match=r"There is no storage .*study\.db"):
        open_storage(tmp_path / "study.db", create=False)


@pytest.mark.parametrize("create", [True, False])
def test_a_file_of_another_program_is_refused_and_stays_as_it_is(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "study.db"
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(StorageError, match=r"study\.db is no SQLite database\. Give the path of a storage"):
        open_storage(path, create=create)
    assert path.read_bytes() == b"hello" * 1000


def test_a_file_has_its_own_folder_of_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"folder= is for a database on a server; a file has one of its own"):
        open_storage(tmp_path / "study.db", folder=tmp_path)


def test_reading_makes_no_file_and_lists_what_is_there(tmp_path: Path) -> None:
    open_storage(tmp_path / "stduy.db").close()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(StorageError, match=r"There is no storage .*study\.db; the folder has stduy\.db\."):
        open_storage(tmp_path / "study.db", create=False)
    assert not (tmp_path / "study.db").exists()


def test_reading_where_there_is_no_storage_at_all_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"study\.db; the folder has no \.db, \.sqlite, \.sqlite3\."):
        open_storage(tmp_path / "study.db", create=False)


def test_reading_does_not_make_tables_in_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "study.db").touch()
    with pytest.raises(StorageError, match=r"study\.db is no storage of studies: it has no tables of ours"):
        open_storage(tmp_path / "study.db", create=False)
    assert (tmp_path / "study.db").read_bytes() == b""


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///a.db?mode=ro", "sqlite+aio:///a.db"]
)
def test_an_sqlite_url_names_a_file_and_nothing_else(url: str) -> None:
    with pytest.raises(
        StorageError, match=r"An SQLite storage is a file: .*give no storage\. Received 'sqlite"
    ):
        open_storage(url)


def test_a_url_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(StorageError, match=r"This is no URL of a database: '://study'"):
        open_storage("://study")


def test_another_database_is_refused_without_showing_the_password() -> None:
    with pytest.raises(
        StorageError, match=r"or a PostgreSQL database .*received 'mysql://me:\*\*\*@host/base'"
    ):
        open_storage("mysql://me:secret@host/base")


def test_a_server_needs_a_folder_for_checkpoints() -> None:
    with pytest.raises(ValueError, match=r"has to be named: .*folder='checkpoints'.*me:\*\*\*@host"):
        open_storage("postgresql://me:secret@host/base")


def test_a_missing_driver_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        StorageError,
        match=r"postgresql\+psycopg://me@host/b needs a driver: pip install \"polyhpo\[postgresql\]\"",
    ):
        open_storage("postgresql://me@host/b", folder=tmp_path)


def test_a_driver_of_another_make_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match=r"is reached by psycopg or psycopg2; received postgresql\+asyncpg://h/b"
    ):
        open_storage("postgresql+asyncpg://h/b", folder=tmp_path)


def test_for_postgresql_a_writer_locks_its_study_and_notes_claim_nothing() -> None:
    statements = Statements(postgresql.dialect())  # type: ignore[no-untyped-call]  # the dialect has no types
    assert statements.lock.endswith("FOR UPDATE")
    assert "%(study)s" in statements.add_event
    assert statements.create[-1].endswith("WHERE kind != 'noted'")
    assert "coalesce(trial, -1)" in statements.create[-1]


def test_the_database_is_imported_when_a_storage_is_opened() -> None:
    program = "import sys, hpo.storage; print({'sqlalchemy', 'sqlite3'} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "none\n"
