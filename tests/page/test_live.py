"""Studies that are followed while they are searched, killed, deleted, replaced and malformed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.page.document import change
from hpo.storage import open_storage
from hpo.storage.events import Event, EventKind
from tests.page.live import only, serving
from tests.page.searched import NUM_TRIALS

HERE = Path(__file__).parent
SEARCH = (sys.executable, str(HERE / "searched.py"))
VICTIM = (sys.executable, str(HERE.parent / "durability" / "victim.py"))

Known = dict[str, dict[str, Any]]


def objective(config: dict[str, Any]) -> float:
    return float(config["x"])


def search(path: Path, name: str = "first", num_trials: int = 2, resume: bool = False) -> None:
    space = {"x": hpo.Float(0, 1)}
    hpo.search(objective, space, num_trials=num_trials, seed=0, storage=path, name=name, resume=resume)


def as_it_is(path: Path, name: str) -> dict[str, Any]:
    """What a fresh page has of a study."""
    document = change(hpo.load_study(path, name), "0")
    return {"head": document["head"], "trials": {row["id"]: row for row in document["trials"]}}


def num_ended(known: Known) -> int:
    counts = (study["head"]["counts"] for study in known.values() if study.get("head"))
    return sum(each["completed"] + each["failed"] + each["stopped"] + each["paused"] for each in counts)


def state(known: Known, trial: int) -> str:
    row = only(known)["trials"].get(trial, {"state": "not there"})
    return str(row["state"])


def labels(known: Known) -> list[str]:
    return [study["label"] for study in known.values()]


def test_a_search_is_seen_from_its_first_to_its_last_trial(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.events() as events:
        assert server.get().document["changes"] == []
        command = [*SEARCH, str(tmp_path / "study.db"), "watched"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            for number in range(NUM_TRIALS):
                events.until(lambda known, n=number: state(known, n) == "running")  # type: ignore[misc]  # a default
                print(file=process.stdin, flush=True)
        assert process.returncode == 0
        fresh = as_it_is(tmp_path / "study.db", "watched")
        events.until(lambda known: only(known)["head"]["last_event"] == fresh["head"]["last_event"])
        known = only(events.known)
    assert known["label"] == "study.db: watched"
    assert {name: known[name] for name in fresh} == fresh


def test_a_search_that_is_killed_and_resumed_is_seen_and_does_not_notice(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    open_storage(path).close()
    with serving(path) as server, server.events() as events:
        for after in (5, 15):
            with subprocess.Popen([*VICTIM, str(path), "serial"], stdout=subprocess.DEVNULL) as process:
                events.until(lambda known, after=after: num_ended(known) >= after)  # type: ignore[misc]  # a default
                process.send_signal(signal.SIGKILL)
        subprocess.run([*VICTIM, str(path), "serial"], stdout=subprocess.DEVNULL, check=True)
        known = only(events.until(lambda known: num_ended(known) >= 40))
        # The rest of what the last one committed.
        fresh = as_it_is(path, "killed")
        events.until(lambda known: only(known)["head"]["last_event"] == fresh["head"]["last_event"])
        assert {name: known[name] for name in fresh} == fresh
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith("study.db-")]
    alone = tmp_path / "alone.db"
    subprocess.run([*VICTIM, str(alone), "serial"], stdout=subprocess.DEVNULL, check=True)
    assert hpo.load_study(path, "killed") == hpo.load_study(alone, "killed")


def test_new_studies_and_new_files_appear(tmp_path: Path) -> None:
    search(tmp_path / "a.db", "first")
    with serving(tmp_path) as server, server.events() as events:
        events.until(lambda known: labels(known) == ["a.db: first"])
        search(tmp_path / "a.db", "second")
        events.until(lambda known: len(known) == 2)
        search(tmp_path / "b.sqlite", "first")
        known = events.until(lambda known: len(known) == 3)
        assert labels(known) == ["a.db: first", "a.db: second", "b.sqlite: first"]
        assert len(server.get("/?study=first").document["changes"]) == 2


def test_a_viewer_may_choose_studies(tmp_path: Path) -> None:
    search(tmp_path / "study.db", "first")
    search(tmp_path / "study.db", "second")
    with serving(tmp_path / "study.db") as server:
        page = server.get("/?study=second")
        assert page.document["title"] == "second"
        with server.events(page.events_url) as events:
            for name in ("first", "third", "second"):
                search(tmp_path / "study.db", name, 3, resume=True)
            events.until(lambda known: num_ended(known) == 3)
            assert labels(events.known) == ["second"]


def test_who_comes_back_is_sent_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    search(path)
    with serving(path) as server:
        with server.events() as events:
            events.until(lambda known: "analysis" in only(known))
            mark = events.mark
        search(path, num_trials=3, resume=True)
        with server.events(Last_Event_ID=mark) as again:
            first = again.change()
            assert (first.get("reset"), [row["id"] for row in first["trials"]]) == (None, [2])
    # Of a server that was started again the mark says nothing.
    with serving(path) as server, server.events(Last_Event_ID=mark) as again:
        first = again.change()
        assert (first["reset"], [row["id"] for row in first["trials"]]) == (True, [0, 1, 2])


@pytest.mark.parametrize("mark", ["", "-", "x-1", "x-²", "-99999999999999999999", "\x7f"])
def test_a_mark_of_another_make_is_as_good_as_none(tmp_path: Path, mark: str) -> None:
    search(tmp_path / "study.db")
    with serving(tmp_path / "study.db") as server, server.events(Last_Event_ID=mark) as events:
        assert len(events.change()["trials"]) == 2


def test_a_file_that_is_deleted_and_put_back_says_so(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    search(path)
    with serving(path) as server, server.events() as events:
        events.until(lambda known: num_ended(known) == 2)
        path.rename(tmp_path / "away")
        known = events.until(lambda known: bool(only(known)["error"]))
        assert "study.db was deleted while it was in use" in only(known)["error"]
        assert len(only(known)["trials"]) == 2
        assert "was deleted" in server.get().document["changes"][0]["error"]
        (tmp_path / "away").rename(path)
        known = events.until(lambda known: not only(known)["error"])
        assert num_ended(known) == 2


@pytest.mark.parametrize("same_file", [True, False])
def test_a_file_that_is_replaced_is_read_anew(tmp_path: Path, same_file: bool) -> None:
    path, other = tmp_path / "study.db", tmp_path / "other"
    search(path)
    search(path, "second")
    search(other, num_trials=5)
    with serving(path) as server, server.events() as events:
        events.until(lambda known: num_ended(known) == 4)
        if same_file:
            path.write_bytes(other.read_bytes())
        else:
            other.replace(path)
        known = events.until(lambda known: num_ended(known) == 7)
        first, second = known.values()
        assert (len(first["trials"]), first["error"]) == (5, None)
        events.until(lambda known: bool(second["error"]))
        assert "replaced by another file, in which there is no such study" in second["error"]


def test_what_is_malformed_stands_beside_what_is_not(tmp_path: Path) -> None:
    search(tmp_path / "good.db")
    search(tmp_path / "bad.db", "malformed")
    search(tmp_path / "bad.db", "sound")
    with closing(sqlite3.connect(tmp_path / "bad.db")) as connection, connection:
        connection.execute("UPDATE hpo_events SET text = '[<b>' WHERE number = 2 AND study = 1")
    (tmp_path / "text.db").write_text("no database" * 1000)
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection, connection:
        connection.execute("CREATE TABLE recipes (title TEXT)")
    (tmp_path / "pipe.db").symlink_to("/dev/zero")
    with serving(tmp_path) as server, server.events() as events:
        events.until(lambda known: len(known) == 5)
        found = {study["label"]: study["error"] for study in events.known.values()}
        assert (found["good.db: first"], found["bad.db: sound"]) == (None, None)
        assert "malformed: expected a JSON object; received '[<b>'" in found["bad.db: malformed"]
        assert "text.db is no SQLite database" in found["text.db"]
        assert "foreign.db is no storage of studies" in found["foreign.db"]
        search(tmp_path / "good.db", "later")
        events.until(lambda known: "good.db: later" in labels(known))
        # A file that is written anew takes its error with it.
        search(tmp_path / "whole", "whole")
        (tmp_path / "whole").replace(tmp_path / "text.db")
        known = events.until(lambda known: "text.db: whole" in labels(known))
        assert "text.db" not in labels(known)


def test_a_log_that_becomes_malformed_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    search(path)
    with serving(path) as server, server.events() as events:
        events.until(lambda known: num_ended(known) == 2)
        storage = open_storage(path)
        log = storage.open("first")
        start = Event(EventKind.TRIAL_STARTED, 2, text='{"config":{"x":0.5}}')
        log.append([start, Event(EventKind.REPORTED, 7, 0, 1)], len(log.events()))
        storage.close()
        known = only(events.until(lambda known: bool(only(known)["error"])))
        assert "(reported) is malformed: no such attempt is running: trial 7" in known["error"]
        assert known["trials"][2]["state"] == "running"
        assert server.process.poll() is None
