"""Connections that are lost at any moment, on a database that is made for it."""

from __future__ import annotations

import itertools
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.errors import StorageError, StudyExistsError
from hpo.storage import ClaimedError, StudyLog
from hpo.storage.events import Event, EventKind
from hpo.storage.sql import SqlStorage
from hpo.storage.waits import Wait, Watch
from tests.storage.flaky import FlakyDatabase, flaky_storage

CREATED = Event(EventKind.STUDY_CREATED, time=5.0)
REPORT = Event(EventKind.REPORTED, 0, 0, 1, time=6.5, elapsed=1.5)
NOTE = Event(EventKind.NOTED, text='{"topic":"data"}', time=float("nan"))
# More than any piece of work has.
POINTS = [half / 2 for half in range(1, 30)]


def at_every_point(tmp_path: Path, act: Callable[[SqlStorage, StudyLog], Any]) -> list[list[Event]]:
    """The logs of a study after `act`, during which the connection was lost, each time at another point."""
    logs = []
    for point in POINTS:
        storage, database = flaky_storage(tmp_path / f"{point}.db")
        log = storage.create("mlp", CREATED)
        log.append([NOTE], seen=1)
        lost = database.faults.lose_once(point)
        act(storage, log)
        logs.append(log.events())
        storage.close()
        if not lost:
            return logs
    pytest.fail("There were more statements than points.")


def test_an_append_is_done_once_wherever_its_connection_is_lost(tmp_path: Path) -> None:
    def act(storage: SqlStorage, log: StudyLog) -> None:
        assert log.append([REPORT, NOTE], seen=1) == [NOTE]

    logs = at_every_point(tmp_path, act)
    assert len(logs) > 10
    assert all(log == [CREATED, NOTE, REPORT, NOTE] for log in logs)


def test_notes_that_agree_are_appended_as_often_as_they_were_made(tmp_path: Path) -> None:
    def act(storage: SqlStorage, log: StudyLog) -> None:
        assert log.append([NOTE, NOTE], seen=2) == []

    assert all(log == [CREATED, NOTE, NOTE, NOTE] for log in at_every_point(tmp_path, act))


def test_a_study_is_created_once_wherever_the_connection_is_lost(tmp_path: Path) -> None:
    def act(storage: SqlStorage, log: StudyLog) -> None:
        assert storage.create("cnn", CREATED).events() == [CREATED]
        assert storage.studies() == ["mlp", "cnn"]
        with pytest.raises(StudyExistsError, match=r"a study 'cnn' in .* already"):
            storage.create("cnn", CREATED)

    assert len(at_every_point(tmp_path, act)) > 10


def test_reading_and_beating_go_on_wherever_the_connection_is_lost(tmp_path: Path) -> None:
    def act(storage: SqlStorage, log: StudyLog) -> None:
        log.beat("me")
        assert log.beats()["me"] in (1, 2)
        assert storage.open("mlp").events(1) == [NOTE]

    assert len(at_every_point(tmp_path, act)) > 8


@pytest.mark.parametrize("other", [REPORT, Event(EventKind.REPORTED, 0, 0, 1, time=6.5, elapsed=1.25)])
def test_of_an_event_that_another_writer_claimed_during_the_outage_the_log_keeps_that_writer_s(
    tmp_path: Path, other: Event
) -> None:
    """The connection is lost before the transaction ends: what is in the log then is not ours."""
    storage, database = flaky_storage(tmp_path / "study.db")
    log, rival = storage.create("mlp", CREATED), flaky_storage(tmp_path / "study.db")[0]

    def lose(number: float) -> bool:
        # Before the first of our statements, which so changed nothing.
        if number != 0.5 or database.faults.statements > 1:
            return False
        database.faults.statements += 1
        rival.open("mlp").append([other], seen=1)
        return True

    database.faults.statements, database.faults.lose = 0, lose
    with pytest.raises(ClaimedError, match="has this event already"):
        log.append([REPORT], seen=1)
    assert [event.elapsed for event in log.events(1)] == [other.elapsed]
    storage.close()
    rival.close()


def test_what_another_writer_appended_between_the_attempts_is_returned_or_comes_later(tmp_path: Path) -> None:
    """COMMIT succeeds and its answer is lost; before the next attempt another writer appends too."""
    storage, database = flaky_storage(tmp_path / "study.db")
    log, rival = storage.create("mlp", CREATED), flaky_storage(tmp_path / "study.db")[0]
    rival.open("mlp").append([NOTE], seen=1)
    database.faults.statements = 0
    refused = itertools.count()

    def lose(number: float) -> bool:
        if number == 0 and next(refused) == 0:
            rival.open("mlp").append([NOTE], seen=3)
        return number == 6

    database.faults.lose = lose
    assert log.append([REPORT], seen=1) == [NOTE]
    assert database.faults.statements > 6
    assert log.events() == [CREATED, NOTE, REPORT, NOTE]
    storage.close()
    rival.close()


def test_an_outage_and_its_end_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    storage, database = flaky_storage(tmp_path / "study.db")
    log = storage.create("mlp", CREATED)
    attempts = itertools.count()
    database.faults.lose = lambda number: next(attempts) < 4
    log.append([REPORT], seen=1)
    database.faults.lose = lambda number: False
    log.append([NOTE], seen=2)
    lost, back = [message.replace(str(tmp_path), "") for message in caplog.messages]
    assert lost == (
        "The connection to the storage /study.db was lost. It is made again as soon as the server answers, "
        "for up to 60 s. (server closed the connection unexpectedly)"
    )
    assert re.fullmatch(r"The storage /study\.db answers again, after \d+ s\.", back)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    storage.close()


def test_an_outage_without_an_end_is_an_error_and_what_was_committed_is_kept(tmp_path: Path) -> None:
    storage, database = flaky_storage(tmp_path / "study.db", timeout=0.3)
    log = storage.create("mlp", CREATED)
    database.faults.lose = lambda number: True
    with pytest.raises(
        StorageError,
        match=r"study\.db cannot be used\..*refused.* There was no answer for 0\.3 seconds\. When the server "
        r"answers again, resume: all that was committed is kept",
    ):
        log.append([REPORT], seen=1)
    database.faults.lose = lambda number: False
    assert log.append([REPORT], seen=1) == []
    assert log.events() == [CREATED, REPORT]
    storage.close()


def test_a_server_that_was_never_reached_is_an_error_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = FlakyDatabase(tmp_path / "study.db", timeout=3600)
    database.faults.lose = lambda number: True
    with pytest.raises(StorageError, match=r"study\.db cannot be used\..*connection refused"):
        SqlStorage(database, tmp_path)
    assert caplog.messages == []


def test_a_silence_is_told_after_ten_seconds_and_broken_off_when_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hpo.storage.waits.SILENCE_SECONDS", 0.01)
    is_broken_off = threading.Event()
    wait = Wait("study.db", 1.5)
    with Watch(wait, is_broken_off.set):
        assert is_broken_off.wait(60)
    assert wait.left <= 0
    assert caplog.messages == [
        "The storage study.db has not answered for 0.01 s: its server is stopped or out of reach, or another "
        "writer holds the study. It is waited for up to 1.5 s."
    ]


def test_of_a_wait_that_is_shorter_than_ten_seconds_no_silence_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    is_broken_off = threading.Event()
    with Watch(Wait("study.db", 0.05), is_broken_off.set):
        assert is_broken_off.wait(60)
    assert caplog.messages == []


def test_a_watch_ends_with_the_work(caplog: pytest.LogCaptureFixture) -> None:
    before = threading.active_count()
    with Watch(Wait("study.db", 3600), pytest.fail):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert caplog.messages == []


class Clock:
    """Seconds that pass where they are slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_attempts_become_rarer_and_end_with_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("hpo.storage.waits.time", clock)
    wait = Wait("study.db", 10)
    while wait.again(OSError("refused")):
        pass
    assert clock.slept[:6] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
    assert clock.now == pytest.approx(10)
