"""No process survives: neither a worker, nor what an objective started, whatever ends first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.executors import Assignment, Ending, Outcome, Progress
from hpo.objective.decision import CONTINUE, Decision

Run = Callable[..., Outcome]
Start = Callable[..., Any]
Gone = Callable[[Path], bool]

# Its trials leave the ids of their processes behind and then never end.
PROGRAM = """
import ctypes, os, signal, sys, time
from pathlib import Path
from hpo.objective.decision import CONTINUE
from hpo.executors import Assignment
from hpo.executors.processes import ProcessExecutor, pool
from hpo.objective.function import Objective
from hpo.executors.placement import Placement

def leave_id():
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")

def objective(config):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        leave_id()
        time.sleep(60)
    if os.fork() == 0:
        leave_id()
        time.sleep(60)
    leave_id()
    if config["deaf"]:
        ctypes.PyDLL(None).sleep(60)  # holds the interpreter's lock
    time.sleep(60)

pool.EXIT_SECONDS = 0.3  # what ends the parent should not wait for the deaf one
executor = ProcessExecutor(Objective(objective), Placement(0, None), lambda progress: CONTINUE, workers=2)
for trial, deaf in enumerate([True, False]):
    executor.submit(Assignment(trial, {"deaf": deaf}))
while not os.path.exists(sys.argv[1]) or len(Path(sys.argv[1]).read_text().splitlines()) < 6:
    executor.poll(0.1)
"""


def start_program(last_words: str, ids: Path) -> subprocess.Popen[str]:
    program = PROGRAM + textwrap.dedent(last_words)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(ids)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(ids.parent)},
    )


@pytest.mark.parametrize(
    "last_words",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "os._exit(0)",
        "raise RuntimeError('unexpected')",
        "",
        # A child of the parent holds the other end of all pipes open.
        "os.fork() == 0 and (leave_id(), time.sleep(1), os._exit(0))\nos.kill(os.getpid(), signal.SIGKILL)",
    ],
    ids=["killed", "terminated", "exit", "error", "end", "killed beside a fork"],
)
def test_the_end_of_the_parent_is_the_end_of_all(last_words: str, tmp_path: Path, gone: Gone) -> None:
    with start_program(last_words, tmp_path / "ids") as process:
        process.communicate(timeout=60)
    assert gone(tmp_path / "ids")
    deadline = time.monotonic() + 20
    while list(tmp_path.glob("hpo-workers-*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_supervisor_loses_the_trial_and_leaves_nobody(
    start: Start, tmp_path: Path, gone: Gone
) -> None:
    ids = tmp_path / "ids"

    def objective(config: dict[str, Any]) -> None:
        ids.write_text(str(os.getpid()))
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)

    executor = start(objective)
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].ending is Ending.LOST
    assert gone(ids)


def test_an_objective_may_fork(run: Run) -> None:
    def forking(config: dict[str, Any]) -> int:
        child = os.fork()
        if child == 0:
            os._exit(42)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert run(forking).result == 42.0


def test_an_objective_may_use_multiprocessing(run: Run) -> None:
    def pooling(config: dict[str, Any]) -> int:
        from multiprocessing import get_context

        with get_context("fork").Pool(2) as pool:
            return sum(pool.map(abs, [-1, -2, -3]))

    assert run(pooling).result == 6.0


def test_a_fork_that_comes_back_from_the_objective_does_not_report(start: Start, tmp_path: Path) -> None:
    def forking(config: dict[str, Any]) -> Any:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        yield 1.0 if child else 2.0

    heard: list[Progress] = []

    def listen(progress: Progress) -> Decision:
        heard.append(progress)
        return CONTINUE

    executor = start(forking, listen, log_folder=tmp_path)
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].ending is Ending.ENDED
    executor.close()
    assert [progress.result for progress in heard] == [1.0]
    [log] = tmp_path.iterdir()
    assert "leave a fork with os._exit(0)" in log.read_text()


def test_the_end_of_a_trial_is_not_that_of_its_children(start: Start, tmp_path: Path, gone: Gone) -> None:
    ids = tmp_path / "ids"

    def leaving(config: dict[str, Any]) -> int:
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        ids.write_text(str(child.pid))
        return 1

    executor = start(leaving)
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].ending is Ending.ENDED
    os.kill(int(ids.read_text()), 0)
    executor.close()
    assert gone(ids)


def test_the_end_of_a_worker_is_that_of_its_children(run: Run, tmp_path: Path, gone: Gone) -> None:
    ids = tmp_path / "ids"

    def dying(config: dict[str, Any]) -> None:
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        ids.write_text(str(child.pid))
        os.kill(os.getpid(), signal.SIGKILL)

    assert run(dying).ending is Ending.LOST
    assert gone(ids)
