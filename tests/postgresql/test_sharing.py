"""Several processes on one study, while processes are killed and the server restarts."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.storage import StudyLog, open_storage
from hpo.storage.events import Event, EventKind
from tests.postgresql.partner import GATE, NUM_EPOCHS, NUM_TRIALS, SPACE, opened, train
from tests.postgresql.server import Server
from tests.storage.programs import output, start

PARTNER = Path(__file__).with_name("partner.py")
NUM_WRITERS, NUM_APPENDS = 4, 500

# Half of the appends are left when the server has restarted for the last time.
WRITE = f"""
import time
log = open_storage(sys.argv[1], folder=sys.argv[2]).open("busy")
writer, seen = int(sys.argv[3]), 1
for number in range(1, {NUM_APPENDS} + 1):
    while number > {NUM_APPENDS} // 2 and not os.path.exists(os.path.join(sys.argv[2], "{GATE}")):
        time.sleep(0.01)
    note = Event(EventKind.NOTED, text='{{}}', time=writer + number / 4096)
    seen += len(log.append([report(writer, number), note], seen)) + 2
print(seen)
"""


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; the test fails if it never is."""
    until = time.monotonic() + 300
    while not is_so():
        if time.monotonic() > until:
            pytest.fail("What the test waits for did not happen.")
        time.sleep(0.02)


def wait_for_events(log: StudyLog, kind: EventKind, count: int) -> None:
    """Wait until the log has more events of a kind than so many."""
    wait_until(lambda: sum(event.kind is kind for event in log.events()) > count)


def written(log: StudyLog, writer: int) -> tuple[list[Any], list[float]]:
    """The numbers of a writer's reports and of its notes, in the log's order."""
    events = log.events(1)
    notes = [(event.time - writer) * 4096 for event in events if event.kind is EventKind.NOTED]
    return (
        [event.epoch for event in events if event.kind is EventKind.REPORTED and event.trial == writer],
        [number for number in notes if 0 < number < 4096],
    )


def test_while_the_server_restarts_each_event_of_each_writer_is_appended_once(
    server: Server, database: str, tmp_path: Path
) -> None:
    with closing(open_storage(database, folder=tmp_path)) as storage:
        log = storage.create("busy", Event(EventKind.STUDY_CREATED))
        writers = [start(WRITE, database, tmp_path, writer) for writer in range(NUM_WRITERS)]
        for count in range(150, NUM_WRITERS * NUM_APPENDS // 2, 150):
            wait_for_events(log, EventKind.REPORTED, count)
            server.restart()
        (tmp_path / GATE).touch()
        assert max(int(output(writer)) for writer in writers) == 1 + 2 * NUM_WRITERS * NUM_APPENDS
        assert len(log.events()) == 1 + 2 * NUM_WRITERS * NUM_APPENDS
        numbers = list(range(1, NUM_APPENDS + 1))
        for writer in range(NUM_WRITERS):
            assert written(log, writer) == (numbers, numbers)


def begin(database: str, folder: Path) -> subprocess.Popen[str]:
    """Another process that searches."""
    command = [sys.executable, str(PARTNER), database, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def claims(study: hpo.Study) -> list[tuple[Any, ...]]:
    """What the reports and ends of the study's trials claim."""
    kinds = {EventKind.REPORTED, EventKind.TRIAL_COMPLETED}
    return [(event.kind, event.trial, event.epoch) for event in study.events if event.kind in kinds]


def test_searches_share_their_trials_although_partners_are_killed_and_the_server_restarts(
    server: Server, database: str, tmp_path: Path
) -> None:
    with closing(open_storage(database, folder=tmp_path)) as storage:
        partners = [begin(database, tmp_path) for _ in range(3)]
        wait_until(lambda: "shared" in storage.studies())
        for count in (10, 25, 40):
            wait_for_events(storage.open("shared"), EventKind.REPORTED, count)
            victim = partners.pop(0)
            victim.kill()
            victim.communicate()
            partners.append(begin(database, tmp_path))
            # A server that is not there as the first connection is made is taken for a wrong address.
            wait_until(lambda: all(opened(tmp_path, partner.pid).exists() for partner in partners))
            server.restart()
        (tmp_path / GATE).touch()
        assert [output(partner) for partner in partners] == [f"{NUM_TRIALS}\n"] * 3
        study = hpo.load_study(storage, "shared")
    alone = hpo.search(train, SPACE, minimize="error", num_trials=NUM_TRIALS, seed=0)
    assert [trial.config for trial in study.trials] == [trial.config for trial in alone.trials]
    assert [trial.value for trial in study.trials] == [trial.value for trial in alone.trials]
    assert len(claims(study)) == len(set(claims(study))) == NUM_TRIALS * (NUM_EPOCHS + 1)
