"""Many processes and threads on one file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hpo.storage import open_storage
from hpo.storage.events import Event, EventKind
from tests.storage.programs import output, start

CREATED = Event(EventKind.STUDY_CREATED)


def test_eight_writers_and_a_reader_lose_nothing_and_never_wait_in_vain(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    storage = open_storage(path)
    storage.create("busy", CREATED)
    storage.close()
    write = """
log = open_storage(sys.argv[1]).open("busy")
writer, seen = int(sys.argv[2]), 1
for epoch in range(1, 10_001):
    seen += len(log.append([report(writer, epoch)], seen)) + 1
print(seen)
"""
    read = """
log = open_storage(sys.argv[1]).open("busy")
known = []
while len(known) < 80_001:
    now = log.events()
    assert now[:len(known)] == known
    known = now
print("a prefix at any time")
"""
    writers = [start(write, path, writer) for writer in range(8)]
    reader = start(read, path)
    assert max(int(output(writer)) for writer in writers) == 80_001
    assert output(reader) == "a prefix at any time\n"
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT number, trial, epoch FROM hpo_events ORDER BY number").fetchall()
    assert [number for number, _, _ in rows] == list(range(80_001))
    for writer in range(8):
        assert [epoch for _, trial, epoch in rows if trial == writer] == list(range(1, 10_001))


def test_of_processes_that_create_one_study_in_a_new_file_one_wins(tmp_path: Path) -> None:
    create = """
import time
while not os.path.exists(sys.argv[2]):
    time.sleep(0.001)
storage = open_storage(sys.argv[1])
try:
    storage.create("mlp", CREATED)
    print("won")
except StudyExistsError as error:
    print(error)
"""
    path, gun = tmp_path / "study.db", tmp_path / "go"
    processes = [start(create, path, gun) for _ in range(4)]
    gun.touch()
    said = sorted(output(process) for process in processes)
    assert said[-1] == "won\n"
    assert [f"a study 'mlp' in {path} already" in text for text in said[:-1]] == [True] * 3


def test_a_process_killed_in_a_transaction_leaves_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    die = """
import signal
storage = open_storage(sys.argv[1])
log = storage.create("mlp", CREATED)
log.append([report(0, 1)], 1)
def work(cursor, may_be_done):
    cursor.execute("DELETE FROM hpo_events")
    os.kill(os.getpid(), signal.SIGKILL)
storage._connection.write(work)
"""
    process = start(die, path)
    process.communicate()
    assert process.returncode == -9
    storage = open_storage(path)
    log = storage.open("mlp")
    log.append([Event(EventKind.REPORTED, 0, 0, 2)], 2)
    assert [event.epoch for event in log.events()] == [None, 1, 2]
    storage.close()


def test_a_forked_process_has_a_connection_of_its_own_and_leaves_the_parent_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    fork = """
log = open_storage(sys.argv[1]).create("mlp", CREATED)
log.append([report(0, 1)], 1)
child = os.fork()
if not child:
    log.append([report(1, 1)], 2)
    sys.exit(0)
print(os.waitpid(child, 0)[1], len(log.append([report(0, 2)], 2)))
"""
    assert output(start(fork, path)) == "0 1\n"
    storage = open_storage(path)
    assert [(e.trial, e.epoch) for e in storage.open("mlp").events(1)] == [(0, 1), (1, 1), (0, 2)]
    storage.close()


def test_forks_beside_a_thread_that_writes_lose_nothing_and_do_not_hang(tmp_path: Path) -> None:
    fork = """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forks beside threads
log = open_storage(sys.argv[1]).create("mlp", CREATED)
done = threading.Event()
def write():
    epoch = 0
    while not done.is_set() or epoch < 100:
        epoch += 1
        log.append([report(0, epoch)], 1)
    print(epoch)
thread = threading.Thread(target=write)
thread.start()
for child in range(1, 11):
    if not os.fork():
        log.append([report(child, 1)], 1)
        os._exit(0)
print([os.wait()[1] for child in range(10)])
done.set()
thread.join()
print(len(log.events(1)))
"""
    codes, written, found = output(start(fork, tmp_path / "study.db")).splitlines()
    assert codes == str([0] * 10)
    assert int(found) == int(written) + 10


def test_an_interrupted_writer_leaves_nothing_behind(tmp_path: Path) -> None:
    interrupt = """
storage = open_storage(sys.argv[1])
log = storage.create("mlp", CREATED)
def work(cursor, may_be_done):
    cursor.execute("DELETE FROM hpo_events")
    raise KeyboardInterrupt
try:
    storage._connection.write(work)
except KeyboardInterrupt:
    print(len(log.events()), log.append([report(0, 1)], 1))
"""
    assert output(start(interrupt, tmp_path / "study.db")) == "1 []\n"


def test_files_of_a_storage_that_was_closed_are_let_go_of(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "study.db")
    storage.create("mlp", CREATED)
    storage.close()
    assert os.listdir(tmp_path) == ["study.db"]
