"""Files whose tables are not what this library wrote: nothing in them runs, hangs or fills the memory."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import hpo
from hpo.errors import StorageError
from hpo.storage import open_storage
from hpo.storage.events import MOST_LETTERS

FOR_EVER = """
    DROP TABLE hpo_events;
    CREATE VIEW hpo_events AS
    WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted)
    SELECT 1 AS study, n AS number, 'noted' AS kind, NULL AS trial, 0 AS attempt, NULL AS epoch,
        '{"topic":"a","text":"b"}' AS text, 0.0 AS time, 0.0 AS elapsed, 0 AS seen FROM counted
"""
MADE_OF = """
    study INTEGER, number INTEGER, kind TEXT, trial INTEGER, attempt INTEGER, epoch INTEGER,
    time, elapsed, seen
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study of two trials."""
    file = tmp_path / "study.db"
    hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=2, seed=0, storage=file)
    return file


def change(file: Path, program: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(program)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (FOR_EVER, "hpo_events is no table"),
        ("DROP TABLE hpo_events", "hpo_events is no table"),
        ("DROP TABLE hpo_beats; CREATE VIEW hpo_beats AS SELECT 1 AS study", "hpo_beats is no table"),
        (
            f"DROP TABLE hpo_events; CREATE TABLE hpo_events ({MADE_OF}, text TEXT AS (hex(zeroblob(99))))",
            "hpo_events lacks text as columns that are stored",
        ),
        (f"DROP TABLE hpo_events; CREATE TABLE hpo_events ({MADE_OF})", "hpo_events lacks text as columns"),
        (
            "CREATE TRIGGER t AFTER INSERT ON HPO_EVENTS BEGIN DELETE FROM hpo_studies; END",
            "hpo_events has a trigger, 't'",
        ),
        (
            "CREATE TRIGGER t AFTER UPDATE ON hpo_beats BEGIN DELETE FROM hpo_events; END",
            "hpo_beats has a trigger, 't'",
        ),
        ("DELETE FROM hpo_schema", r"no single version, but \[\]"),
        ("INSERT INTO hpo_schema VALUES (1)", r"no single version, but \[\(1,\), \(1,\)\]"),
        ("UPDATE hpo_schema SET version = 'new'", r"no single version, but \[\('new',\)\]"),
    ],
)
def test_what_this_library_did_not_write_is_refused_as_it_is_opened(
    file: Path, program: str, said: str
) -> None:
    change(file, program)
    text = (
        rf"study\.db is no storage that this library wrote: .*{said}.* Restore a copy, or give another path"
    )
    for create in (True, False):
        with pytest.raises(StorageError, match=text):
            open_storage(file, create=create)


def test_a_virtual_table_is_refused(file: Path) -> None:
    change(file, "DROP TABLE hpo_beats; CREATE VIRTUAL TABLE hpo_beats USING fts5(study, owner, count)")
    with pytest.raises(StorageError, match="hpo_beats is a virtual table"):
        hpo.load_study(file)


def test_other_columns_and_tables_beside_ours_do_no_harm(file: Path) -> None:
    whole = hpo.load_study(file)
    change(
        file, "ALTER TABLE hpo_events ADD COLUMN more TEXT; CREATE TABLE mine (a); CREATE VIEW v AS SELECT 1"
    )
    assert hpo.load_study(file) == whole


def test_a_name_that_is_no_text_is_refused(file: Path) -> None:
    change(file, "UPDATE hpo_studies SET name = x'ff'")
    with pytest.raises(StorageError, match=r"study\.db has a study whose name is no text, but b'\\xff'"):
        hpo.load_study(file)


def test_a_text_that_fills_the_memory_is_refused_with_its_number(file: Path) -> None:
    change(file, f"UPDATE hpo_events SET text = hex(zeroblob({MOST_LETTERS // 2 + 1})) WHERE number = 4")
    with pytest.raises(
        StorageError, match=rf"Event 4 is malformed: expected a text of at most {MOST_LETTERS}"
    ):
        hpo.load_study(file)


def test_a_text_that_is_no_utf_8_is_refused_with_its_number(file: Path) -> None:
    change(file, "UPDATE hpo_events SET text = CAST(x'7b22ff227d' AS TEXT) WHERE number = 3")
    with pytest.raises(StorageError, match="Event 3 is malformed: expected UTF-8"):
        hpo.load_study(file)
