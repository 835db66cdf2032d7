"""A server that restarts, stops, falls silent, or ends a connection at any moment."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

import hpo
from hpo.errors import StorageError
from hpo.storage import Storage, open_storage
from hpo.storage.events import Event, EventKind
from hpo.storage.postgresql import PostgresqlDatabase
from hpo.storage.sql import SqlStorage
from tests.postgresql.server import Server
from tests.storage.flaky import Faults, FlakyDriver

CREATED = Event(EventKind.STUDY_CREATED, time=5.0)
NOTE = Event(EventKind.NOTED, text='{"topic":"data"}', time=7.5)


def report(epoch: int) -> Event:
    return Event(EventKind.REPORTED, 0, 0, epoch, time=6.0 + epoch)


@pytest.fixture
def opened(database: str, tmp_path: Path) -> Iterator[Callable[..., Storage]]:
    """Opens the test's storage; it is closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            closing(open_storage(database, folder=tmp_path, **options))
        )


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_a_log_goes_on_after_its_server_was_restarted(
    server: Server, opened: Callable[..., Storage], caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    log = opened().create("mlp", CREATED)
    server.restart(mode)
    assert log.append([report(1), NOTE], seen=1) == []
    server.restart(mode)
    assert log.events() == [CREATED, report(1), NOTE]
    server.restart(mode)
    log.beat("me")
    assert log.beats() == {"me": 1}
    lost = [message for message in caplog.messages if "was lost. It is made again as soon as" in message]
    back = [message for message in caplog.messages if "answers again, after" in message]
    assert (len(lost), len(back), len(caplog.messages)) == (3, 3, 6)


def test_a_server_that_does_not_come_back_is_an_error_and_later_the_log_goes_on(
    server: Server, opened: Callable[..., Storage]
) -> None:
    log = opened(timeout=1.5).create("mlp", CREATED)
    server.end()
    try:
        with pytest.raises(
            StorageError,
            match=r"(?s)The storage postgresql.* cannot be used\. .*refused.* There was no answer for 1\.5 "
            r"seconds\. When the server answers again, resume: all that was committed is kept\.",
        ):
            log.append([report(1)], seen=1)
    finally:
        server.start()
    assert log.append([report(1)], seen=1) == []
    assert log.events() == [CREATED, report(1)]


def test_a_suspended_server_is_told_and_waited_for(
    server: Server,
    opened: Callable[..., Storage],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hpo.storage.waits.SILENCE_SECONDS", 0.5)
    log = opened().create("mlp", CREATED)
    is_told = threading.Event()
    monkeypatch.setattr("hpo.storage.waits._log.warning", lambda *arguments: is_told.set())
    with server.suspended():
        writer = threading.Thread(target=log.append, args=([report(1)], 1))
        writer.start()
        assert is_told.wait(60)
    writer.join()
    assert log.events() == [CREATED, report(1)]


def test_a_server_that_stays_suspended_is_an_error_and_later_the_log_goes_on(
    server: Server, opened: Callable[..., Storage]
) -> None:
    log = opened(timeout=1.0).create("mlp", CREATED)
    with server.suspended(), pytest.raises(StorageError, match=r"There was no answer for 1 seconds\. When"):
        log.append([report(1)], seen=1)
    log = opened().open("mlp")
    assert log.append([report(2)], seen=1) == log.events(1)[:-1]
    assert log.events()[-1] == report(2)


def test_a_server_that_accepts_connections_and_says_nothing_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/base"
        with pytest.raises(StorageError, match=r"base cannot be used\. \(PostgreSQL: .*timeout expired"):
            open_storage(url, folder=tmp_path, timeout=2)


def test_a_server_that_starts_is_waited_for_by_what_opens_it_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = [sys.executable, str(Path(__file__).with_name("starting.py"))]
    starting = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert starting.stdout is not None
        url = f"postgresql://me@127.0.0.1:{starting.stdout.readline().strip()}/base"
        with pytest.raises(StorageError, match=r"(?s)is starting up.* no answer for 1 seconds\. When"):
            open_storage(url, folder=tmp_path, timeout=1)
    finally:
        starting.kill()
        starting.communicate()
    assert "It is made again as soon as the server answers, for up to 1 s." in caplog.messages[0]


@pytest.mark.parametrize(
    ("mistake", "happened"),
    [({"database": "nowhere"}, 'database "nowhere" does not exist'), ({"port": 1}, "Connection refused")],
)
def test_a_wrong_address_is_an_error_at_once(
    server: Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    mistake: dict[str, Any],
    happened: str,
) -> None:
    url = make_url(server.url()).set(**mistake).render_as_string()
    with pytest.raises(StorageError, match=rf"(?s)cannot be used\. \(PostgreSQL: .*{happened}"):
        open_storage(url, folder=tmp_path)
    assert caplog.messages == []


def test_a_storage_that_may_only_be_read_says_so_at_once(
    opened: Callable[..., Storage], database: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = opened().create("mlp", CREATED)
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        try:
            storage = opened()
            with pytest.raises(StorageError, match="cannot execute SELECT FOR UPDATE in a read-only"):
                storage.open("mlp").append([report(1)], seen=1)
        finally:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("ALTER DATABASE postgres RESET default_transaction_read_only")
    assert log.append([report(1)], seen=1) == []
    assert caplog.messages == []


def test_a_writer_who_is_cut_off_in_its_transaction_does_not_keep_others_waiting(
    opened: Callable[..., Storage], database: str
) -> None:
    log = opened().create("mlp", CREATED)
    with closing(psycopg.connect(database, autocommit=True)) as stopped:
        stopped.execute(PostgresqlDatabase.begin.replace("10s", "1s"))
        stopped.execute("SELECT id FROM hpo_studies FOR UPDATE")
        assert log.append([report(1)], seen=1) == []


def test_a_database_without_an_encoding_holds_any_text(server: Server, tmp_path: Path) -> None:
    with closing(psycopg.connect(server.url(), autocommit=True)) as connection:
        connection.execute("CREATE DATABASE plain ENCODING SQL_ASCII TEMPLATE template0")
    url = make_url(server.url()).set(database="plain", query={}).render_as_string()
    storage = open_storage(url, folder=tmp_path)
    assert storage.create("Ωmega 🙂", CREATED).events() == [CREATED]
    assert storage.studies() == ["Ωmega 🙂"]
    storage.close()


class FlakyPostgresql(PostgresqlDatabase):
    """A server that ends connections where the faults say so."""

    def __init__(self, place: str) -> None:
        super().__init__(make_url(place), timeout=60)
        self.faults = Faults()

    def connect(self, seconds: float) -> Any:
        return FlakyDriver(super().connect(seconds), self.faults, _kill)


def _kill(connection: psycopg.Connection[Any]) -> None:
    """The server ends the connection; the driver learns of it with its next statement."""
    with closing(psycopg.connect(connection.info.dsn, autocommit=True)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [connection.info.backend_pid])
    connection.execute("SELECT 1")


def test_an_append_is_done_once_wherever_its_connection_ends(database: str, tmp_path: Path) -> None:
    flaky = FlakyPostgresql(database)
    storage = SqlStorage(flaky, tmp_path)
    for half in itertools.count(1):
        flaky.faults.lose = lambda point: False
        log = storage.create(f"study {half}", CREATED)
        lost = flaky.faults.lose_once(half / 2)
        assert log.append([report(1), NOTE, NOTE], seen=1) == []
        assert log.append([report(2)], seen=1) == [report(1), NOTE, NOTE]
        assert log.events() == [CREATED, report(1), NOTE, NOTE, report(2)]
        if not lost:
            break
    storage.close()
    assert half > 20


def test_a_study_is_created_once_wherever_its_connection_ends(database: str, tmp_path: Path) -> None:
    flaky = FlakyPostgresql(database)
    storage = SqlStorage(flaky, tmp_path)
    for half in itertools.count(1):
        lost = flaky.faults.lose_once(half / 2)
        assert storage.create(f"study {half}", CREATED).events() == [CREATED]
        if not lost:
            break
    assert storage.studies() == [f"study {number}" for number in range(1, half + 1)]
    storage.close()
    assert half > 12


SPACE = {"x": hpo.Float(0, 1)}


def search(database: str, folder: Path, timeout: float, callback: Callable[..., None]) -> hpo.Study:
    with closing(open_storage(database, folder=folder, timeout=timeout)) as storage:
        return hpo.search(
            square, SPACE, num_trials=6, seed=0, storage=storage, name="s", resume=True, callbacks=callback
        )


def square(config: dict[str, Any]) -> float:
    return float(config["x"] ** 2)


def test_a_search_whose_server_does_not_come_back_ends_with_an_error_and_resumes(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    # So that heartbeats meet the outage as well.
    monkeypatch.setattr("hpo.storage.leases.BEAT_SECONDS", 0.1)

    def end_server(event: Event, study: hpo.Study) -> None:
        if (event.kind, event.trial) == (EventKind.TRIAL_COMPLETED, 2):
            server.end()

    try:
        with pytest.raises(StorageError, match=r"There was no answer for 1\.5 seconds\. When the server"):
            search(database, tmp_path, 1.5, end_server)
        assert ["was lost" in message for message in caplog.messages] == [True]
    finally:
        server.start()
    study = search(database, tmp_path, 60, lambda event, study: None)
    alone = hpo.search(square, SPACE, num_trials=6, seed=0)
    assert [trial.value for trial in study.trials] == [trial.value for trial in alone.trials]


def test_a_storage_that_is_closed_during_an_outage_ends_its_waits(
    server: Server, opened: Callable[..., Storage], caplog: pytest.LogCaptureFixture
) -> None:
    storage = opened(timeout=3600)
    log = storage.create("mlp", CREATED)
    errors: list[StorageError] = []

    def append() -> None:
        with pytest.raises(StorageError) as caught:
            log.append([report(1)], seen=1)
        errors.append(caught.value)

    writer = threading.Thread(target=append)
    server.end()
    try:
        writer.start()
        while not caplog.messages:
            writer.join(0.01)
        storage.close()
        writer.join()
    finally:
        server.start()
    assert [str(error).endswith("was closed; open it again.") for error in errors] == [True]
