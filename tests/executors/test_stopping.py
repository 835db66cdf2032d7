"""`stop`, `close` and Ctrl-C while trials run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hpo.executors import Assignment, Ending
from hpo.executors.processes import executor as executor_module
from hpo.executors.processes import pool as pool_module
from hpo.objective.context import report

Start = Callable[..., Any]
Gone = Callable[[Path], bool]


def wait_for(path: Path, executor: Any) -> None:
    while not path.exists():
        assert executor.poll(0.05) == []


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """An objective that does not end is killed soon."""
    for module in (executor_module, pool_module):
        monkeypatch.setattr(module, "EXIT_SECONDS", 0.3)


@pytest.fixture
def sleeping(tmp_path: Path) -> Callable[[dict[str, Any]], int]:
    """Sleeps in its first trial, after it said so; says when it is cleaned up."""

    def sleeping(config: dict[str, Any]) -> int:
        if config.get("sleeps", True):
            (tmp_path / "ids").write_text(str(os.getpid()))
            try:
                time.sleep(60)
            finally:
                (tmp_path / "cleaned").touch()
        return os.getpid()

    return sleeping


def test_a_running_objective_is_interrupted_and_its_worker_kept(
    start: Start, sleeping: Any, tmp_path: Path
) -> None:
    executor = start(sleeping)
    executor.submit(Assignment(0, {}))
    wait_for(tmp_path / "ids", executor)
    executor.stop(0)
    assert (tmp_path / "cleaned").exists()
    executor.submit(Assignment(1, {"sleeps": False}))
    [outcome] = executor.poll()
    assert (outcome.trial, outcome.ending) == (1, Ending.ENDED)
    assert outcome.result == float((tmp_path / "ids").read_text())


def test_close_interrupts_a_running_objective(
    start: Start, sleeping: Any, tmp_path: Path, gone: Gone
) -> None:
    executor = start(sleeping)
    executor.submit(Assignment(0, {}))
    wait_for(tmp_path / "ids", executor)
    executor.close()
    assert (tmp_path / "cleaned").exists()
    assert gone(tmp_path / "ids")


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("how", ["stop", "close"])
def test_one_that_takes_no_signal_is_killed(start: Start, tmp_path: Path, gone: Gone, how: str) -> None:
    def deaf(config: dict[str, Any]) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        (tmp_path / "ids").write_text(str(os.getpid()))
        time.sleep(60)

    executor = start(deaf)
    executor.submit(Assignment(0, {}))
    wait_for(tmp_path / "ids", executor)
    executor.stop(0) if how == "stop" else executor.close()
    assert gone(tmp_path / "ids")
    assert executor.poll() == []


@pytest.mark.usefixtures("short_grace")
def test_one_that_swallows_the_interrupt_is_killed(start: Start, tmp_path: Path, gone: Gone) -> None:
    def swallowing(config: dict[str, Any]) -> None:
        (tmp_path / "ids").write_text(str(os.getpid()))
        while True:
            # The inner loop, as an interrupt between two rounds of one loop would be outside of `suppress`.
            with suppress(BaseException):
                while True:
                    time.sleep(0.01)
                    report(1.0)

    executor = start(swallowing)
    executor.submit(Assignment(0, {}))
    wait_for(tmp_path / "ids", executor)
    executor.stop(0)
    assert gone(tmp_path / "ids")


def test_a_trial_that_waits_for_an_answer_can_be_stopped(start: Start) -> None:
    def objective(config: dict[str, Any]) -> Any:
        yield 1.0

    heard: list[Any] = []
    executor = start(objective, heard.append)
    executor.submit(Assignment(0, {}))
    [worker] = executor._pool.workers
    while not worker.is_running:
        worker.receive()
    executor.stop(0)
    assert executor.poll() == []
    assert heard == []


def test_a_closed_executor_takes_no_trials(start: Start) -> None:
    executor = start(lambda config: 1)
    executor.close()
    with pytest.raises(RuntimeError, match=r"This executor is closed, and takes no trials; make a new one\."):
        executor.submit(Assignment(0, {}))


PROGRAM = """
import os, signal, sys, time
from hpo.objective.decision import CONTINUE
from hpo.executors import Assignment
from hpo.executors.processes import ProcessExecutor
from hpo.objective.function import Objective
from hpo.executors.placement import Placement

def objective(config):
    if config["deaf"]:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with open(sys.argv[1], "w") as file:
            file.write(f"{os.getpid()}\\n")
        time.sleep(60)
    finally:
        print("cleaned up", file=open(sys.argv[1] + ".cleaned", "w"))

signal.signal(signal.SIGINT, signal.default_int_handler)
executor = ProcessExecutor(Objective(objective), Placement(0, None), lambda progress: CONTINUE, workers=1)
executor.submit(Assignment(0, {"deaf": sys.argv[2] == "twice"}))
try:
    executor.poll()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    executor.close()
    print("closed")
"""


@pytest.mark.parametrize("times", ["once", "twice"])
def test_ctrl_c(times: str, tmp_path: Path, gone: Gone) -> None:
    ids = tmp_path / "ids"
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(ids), times],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not ids.exists() or not ids.read_text().endswith("\n"):
            time.sleep(0.02)
        assert process.stdout is not None
        # As a terminal does: to the whole process group.
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        if times == "twice":
            time.sleep(0.2)
            os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert gone(ids)
    assert (stdout == "closed\n") == (times == "once")
    assert ("KeyboardInterrupt" in stderr) == (times == "twice")
    assert Path(f"{ids}.cleaned").exists() == (times == "once")
