"""A process that holds more studies than it may open files."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from hpo.storage import open_storage
from hpo.storage.events import Event, EventKind
from hpo.storage.recent import Recent
from tests.storage.programs import output, start

FILES = {"one file": "studies.db", "a file for each": "{}.db"}
DESCRIPTORS = Path("/proc/self/fd")


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_process_writes_by_turns_to_more_studies_than_it_may_open_files(tmp_path: Path, file: str) -> None:
    program = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
storages = [open_storage(sys.argv[1].format(n)) for n in range(70)]
logs = [storage.create(f"study {n}", CREATED) for n, storage in enumerate(storages)]
for epoch in range(1, 3):
    for log in logs:
        log.append([report(0, epoch)], epoch)
print({len(log.events()) for log in logs})
"""
    assert output(start(program, tmp_path / file)) == "{3}\n"


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_searches_go_on_by_turns_in_a_process_with_few_descriptors(tmp_path: Path, file: str) -> None:
    program = """
import resource
import hpo
resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
space = {"x": hpo.Float(0, 1)}
def identity(config):
    return config["x"]
tuners = [
    hpo.Tuner(identity, space, num_trials=2, seed=0, storage=sys.argv[1].format(n), name=f"study {n}")
    for n in range(40)
]
for num_trials in range(1, 3):
    for tuner in tuners:
        tuner.run(num_trials)
print({tuner.study.num_completed for tuner in tuners})
"""
    assert output(start(program, tmp_path / file)) == "{2}\n"


def test_threads_that_use_more_connections_than_stay_open_do_not_disturb_each_other(tmp_path: Path) -> None:
    program = """
import threading
logs = [open_storage(sys.argv[1].format(n)).create("mlp", CREATED) for n in range(20)]
def write(trial):
    for epoch in range(1, 6):
        for log in logs:
            log.append([report(trial, epoch)], 1)
threads = [threading.Thread(target=write, args=(trial,)) for trial in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print({len(log.events()) for log in logs})
"""
    assert output(start(program, tmp_path / "{}.db")) == "{21}\n"


def test_the_studies_of_forked_processes_keep_few_files_open_too(tmp_path: Path) -> None:
    program = """
logs = [open_storage(sys.argv[1].format(n)).create("mlp", CREATED) for n in range(40)]
child = os.fork()
for log in logs:
    log.append([report(int(child > 0), 1)], 1)
if not child:
    os._exit(len(os.listdir("/proc/self/fd")))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 40, len(os.listdir("/proc/self/fd")) < 40)
print({len(log.events()) for log in logs})
"""
    assert output(start(program, tmp_path / "{}.db")).splitlines() == ["True True", "{3}"]


def open_files(paths: list[Path]) -> int:
    """How many of some files this process has open."""
    gc.collect()  # the storages of other tests
    return len({Path(os.readlink(link)) for link in DESCRIPTORS.iterdir() if link.exists()} & set(paths))


def test_the_files_that_were_used_last_stay_open(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.db" for n in range(20)]
    storages = [open_storage(path) for path in paths]
    logs = [storage.create("mlp", Event(EventKind.STUDY_CREATED)) for storage in storages]
    assert (open_files(paths[:12]), open_files(paths[12:])) == (0, 8)
    logs[12].events()
    logs[0].events()
    assert (open_files(paths[:1]), open_files(paths[12:13]), open_files(paths[13:14])) == (1, 1, 0)
    for storage in storages:
        storage.close()
    assert open_files(paths) == 0


class Busy:
    """A connection that is in use as long as it says so."""

    def __init__(self) -> None:
        self.is_open, self.in_use = True, False

    def rest(self) -> bool:
        self.is_open = self.in_use
        return not self.in_use


def test_connections_in_use_stay_open_and_are_closed_later() -> None:
    recent, connections = Recent(most=2), [Busy() for _ in range(4)]
    for connection in connections:
        connection.in_use = True
        recent.use(connection)
    assert [connection.is_open for connection in connections] == [True] * 4
    for connection in connections:
        connection.in_use = False
    recent.use(connections[0])
    assert sum(connection.is_open for connection in connections) == 2
    assert connections[0].is_open
