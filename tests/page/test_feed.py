"""What a viewer is sent, whatever it has, and how often the dear part is computed."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
import uvicorn

import hpo
from hpo.page.application import application
from hpo.page.feed import Feed
from hpo.page.followed import Followed, Update
from hpo.page.guard import LOCAL_NAMES, Guard
from hpo.page.rows import row
from hpo.page.sources import Sources
from hpo.page.threads import in_thread
from hpo.page.viewed import ViewedStudy
from hpo.storage import open_storage
from tests.page.loops import finished


def loss(config: dict[str, Any]) -> float:
    return float(config["x"])


def search(path: Path, num_trials: int = 2) -> None:
    space = {"x": hpo.Float(0, 1)}
    hpo.search(loss, space, num_trials=num_trials, seed=0, storage=path, name="first", resume=True)


def update(*numbers: int, **more: Any) -> Update:
    return Update("0", "first", "{}", {number: f'{{"id":{number}}}' for number in numbers}, **more)


def sent(shown: ViewedStudy, since: int) -> Any:
    text = shown.change(since)
    return None if text is None else json.loads(text)


def ids(change: Any) -> list[int]:
    return [row["id"] for row in change["trials"]]


def test_what_a_slow_viewer_missed_comes_merged_and_once() -> None:
    shown = ViewedStudy("0")
    shown.take(update(0, 1, reset=True), 1)
    for version in range(2, 100):
        shown.take(update(1), version)
    shown.take(update(2), 100)
    assert ids(sent(shown, -1)) == [0, 1, 2]
    assert ids(sent(shown, 1)) == [1, 2]
    assert ids(sent(shown, 99)) == [2]
    assert sent(shown, 100) is None


def test_the_text_for_viewers_of_one_version_is_made_once() -> None:
    shown = ViewedStudy("0")
    shown.take(update(0, reset=True), 1)
    shown.take(update(1), 2)
    assert shown.change(1) is shown.change(1)


def test_what_begins_anew_is_forgotten_by_those_that_had_it() -> None:
    shown = ViewedStudy("0")
    shown.take(update(0, 1, reset=True), 1)
    shown.take(update(0, reset=True), 2)
    change = sent(shown, 1)
    assert (change["reset"], ids(change)) == (True, [0])
    # A page that has nothing has nothing to forget.
    assert "reset" not in sent(shown, -1)


def test_an_analysis_is_sent_once_and_goes_with_what_it_was_of() -> None:
    shown = ViewedStudy("0")
    shown.take(update(0, reset=True), 1)
    shown.take(Update("0", "first", analysis='{"hints":[]}'), 2)
    shown.take(update(1), 3)
    assert (sent(shown, 1)["analysis"], ids(sent(shown, 1))) == ({"hints": []}, [1])
    assert "analysis" not in sent(shown, 2)
    shown.take(update(0, reset=True), 4)
    assert "analysis" not in sent(shown, -1)


def test_an_error_comes_and_goes_and_a_thing_that_is_gone_is_told_to_those_that_had_it() -> None:
    shown = ViewedStudy("0")
    shown.take(Update("0", "text.db", error="no <database>"), 1)
    assert (sent(shown, 0)["error"], "head" in sent(shown, 0)) == ("no <database>", False)
    assert "<" not in str(shown.change(0))
    shown.take(Update("0", "text.db", gone=True), 2)
    assert sent(shown, 1) == {"key": "0", "label": "text.db", "gone": True}
    assert sent(shown, -1) is None


def test_only_what_is_new_in_a_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "study.db"
    search(path)
    rows: list[int] = []

    def counted(study: hpo.Study, number: int, **more: Any) -> dict[str, Any]:
        rows.append(number)
        return row(study, number, **more)

    monkeypatch.setattr("hpo.page.followed.row", counted)
    storage = open_storage(path, read_only=True)
    study = Followed(storage.open("first"), key="0", label="first")
    assert study.read() is not None
    assert study.read() is None
    search(path, 3)
    again = study.read()
    assert again is not None
    # The former best may lose its checkpoints to a better one.
    assert rows in ([0, 1, 2], [0, 1, 1, 2])
    assert not again.reset
    storage.close()


def test_a_file_that_rests_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(tmp_path / "study.db")
    sources = Sources(tmp_path)
    monkeypatch.setattr("hpo.page.sources._CLOCK_SECONDS", 0.0)
    assert len(sources.read()) == 1

    def refuse(*arguments: Any, **more: Any) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr("sqlite3.connect", refuse)
    assert sources.read() == []


def test_analyses_rest_between_each_other_but_for_the_first_of_each_study(tmp_path: Path) -> None:
    search(tmp_path / "a.db")
    search(tmp_path / "b.db")

    async def follow() -> list[int]:
        feed = Feed(Sources(tmp_path))
        counts = []
        await feed.read()
        while sum('"analysis"' in change for change in feed.changes(0, None)) < 2:
            await feed.newer(feed.version, 0.05)
            feed._read_at = float("-inf")
            await feed.read()
        before = feed.version
        search(tmp_path / "a.db", 3)
        feed._read_at = float("-inf")
        await feed.read()
        await asyncio.sleep(0.1)
        counts += [feed.version - before, len(feed._analyses)]
        return counts

    assert finished(follow()) == [1, 0]


def test_a_mistake_in_an_analysis_leaves_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    search(tmp_path / "study.db")

    def broken(study: hpo.Study) -> dict[str, Any]:
        raise ZeroDivisionError("no such thing")

    monkeypatch.setattr("hpo.page.followed.analysis", broken)

    async def follow() -> int:
        feed = Feed(Sources(tmp_path))
        await feed.read()
        await asyncio.gather(*feed._analyses)
        return len(feed.changes(0, None))

    assert finished(follow()) == 1
    assert "The study 'first' cannot be analysed." in caplog.text


def test_a_mistake_in_one_study_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    search(tmp_path / "a.db")
    search(tmp_path / "b.db", 3)

    def broken(study: hpo.Study, number: int, **more: Any) -> dict[str, Any]:
        if len(study.trials) == 2:
            raise ZeroDivisionError("no such thing")
        return row(study, number, **more)

    monkeypatch.setattr("hpo.page.followed.row", broken)
    monkeypatch.setattr("hpo.page.followed.RETRY_SECONDS", 0.0)
    sources = Sources(tmp_path)
    first, second = sources.read()
    said = "The study 'first' cannot be shown. (ZeroDivisionError: no such thing)"
    assert (first.error, len(second.rows)) == (said, 3)
    # It is said once, and what was to be shown comes when it can.
    assert (sources.read(), caplog.text.count(said)) == ([], 1)
    monkeypatch.setattr("hpo.page.followed.row", row)
    [again] = sources.read()
    assert (again.error, len(again.rows), again.reset) == (None, 2, True)


def test_a_viewer_that_leaves_is_noticed(tmp_path: Path) -> None:
    search(tmp_path / "study.db")

    async def visit() -> None:
        feed = Feed(Sources(tmp_path))
        server = uvicorn.Server(
            uvicorn.Config(application(feed, Guard(LOCAL_NAMES)), port=0, log_config=None, lifespan="on")
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in await reader.readline()
        while not feed.num_viewers:
            await asyncio.sleep(0.01)
        writer.close()
        while feed.num_viewers:
            await asyncio.sleep(0.01)
        server.should_exit = True
        await serving

    finished(visit(), within=30)


def test_nothing_is_read_while_there_is_no_viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(tmp_path / "study.db")
    readings: list[int] = []
    monkeypatch.setattr("hpo.page.feed.PERIOD_SECONDS", 0.0)
    monkeypatch.setattr("hpo.page.feed.REST_OF_READING", 0)
    monkeypatch.setattr("hpo.page.feed.KEPT_SECONDS", 0.0)

    async def follow() -> tuple[int, bool]:
        sources = Sources(tmp_path)
        read = sources.read

        def counted() -> list[Update]:
            readings.append(1)
            return read()

        monkeypatch.setattr(sources, "read", counted)
        feed = Feed(sources)
        task = asyncio.create_task(feed.run())
        await feed.newer(0, 20)
        await asyncio.sleep(0.05)
        alone = len(readings)
        with feed.viewer():
            while len(readings) < alone + 3:
                await asyncio.sleep(0.01)
        feed.close()
        await task
        return alone, feed.is_closed

    assert finished(follow()) == (1, True)


def test_a_thread_hands_on_what_its_work_raises_and_is_in_no_one_s_way() -> None:
    def fail() -> None:
        raise KeyError("x")

    async def ask() -> None:
        with pytest.raises(KeyError, match="x"):
            await in_thread(fail)
        assert await in_thread(lambda: threading.current_thread().daemon) is True

    finished(ask())
