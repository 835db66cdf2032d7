"""The beats of a tuner: whatever its objective does, and no longer than the tuner is there."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

import hpo
from hpo.errors import StorageError
from hpo.storage import StudyLog, open_storage
from hpo.storage.heart import Heart

PROGRAM = """
import ctypes, os, sys, time
import hpo
from hpo.storage import leases

leases.BEAT_SECONDS = 0.1

def {objective}

hpo.search(objective, {{"x": hpo.Float(0, 1)}}, num_trials={num_trials}, seed=0, storage=sys.argv[1])
"""
# What ctypes calls by PyDLL keeps the interpreter's lock, so that no other thread of the process runs.
HOLDS_THE_LOCK = "objective(config): ctypes.PyDLL(None).sleep(600)"
SLEEPS = "objective(config): time.sleep(600)"
FORKS = "objective(config): os.fork(); time.sleep(600)"


@contextmanager
def searching(file: Path, objective: str, num_trials: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs a search with this objective."""
    program = PROGRAM.format(objective=objective, num_trials=num_trials)
    with subprocess.Popen([sys.executable, "-c", program, file], start_new_session=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):  # a test has killed it
                os.killpg(process.pid, signal.SIGKILL)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something, and fail where it does not come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.02)


def beats(file: Path) -> int:
    """How often the tuners of the file's study have said that they are alive."""
    if not file.exists():
        return 0
    try:
        return sum(open_storage(file, create=False).open("study").beats().values())
    except StorageError:
        return 0  # it is made at this moment


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def beaters(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The small processes that beat for the tuners of a process."""
    children = [child for child in psutil.Process(process.pid).children() if lives(child)]
    return [child for child in children if any("beater" in word for word in child.cmdline())]


def lives(process: psutil.Process) -> bool:
    """Whether it has not ended; one that was not waited for yet has."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_an_objective_that_holds_the_interpreter_s_lock_keeps_its_lease(file: Path) -> None:
    with searching(file, HOLDS_THE_LOCK):
        until(lambda: beats(file) > 10)


def test_a_stopped_tuner_does_not_beat_and_a_continued_one_does(file: Path) -> None:
    with searching(file, SLEEPS) as process:
        until(lambda: beats(file) > 3)
        process.send_signal(signal.SIGSTOP)
        until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
        time.sleep(0.5)  # for a beat that was on its way
        count = beats(file)
        time.sleep(1)
        assert beats(file) == count
        process.send_signal(signal.SIGCONT)
        until(lambda: beats(file) > count)


@pytest.mark.parametrize("objective", [HOLDS_THE_LOCK, FORKS])
def test_the_small_process_ends_with_its_tuner(file: Path, objective: str) -> None:
    with searching(file, objective) as process:
        until(lambda: beats(file) > 3)
        (beater,) = beaters(process)
        process.kill()
        process.wait()
        until(lambda: not lives(beater))


def test_a_killed_small_process_is_replaced_at_the_next_trial(file: Path) -> None:
    with searching(file, "objective(config): time.sleep(1); return 0.0", num_trials=600) as process:
        until(lambda: beats(file) > 3)
        (first,) = beaters(process)
        first.kill()
        until(lambda: not lives(first) and beaters(process))
        count = beats(file)
        until(lambda: beats(file) > count)


@pytest.fixture
def log(file: Path) -> StudyLog:
    hpo.search(lambda config: 0.0, {"x": hpo.Float(0, 1)}, num_trials=1, storage=file, name="s")
    return open_storage(file).open("s")


@pytest.fixture
def heart() -> Iterator[Heart]:
    heart = Heart()
    yield heart
    heart.after_fork_in_child()  # it leaves its small process, which ends as its input does


def test_it_beats_for_each_tuner_until_it_is_told_to_rest(log: StudyLog, heart: Heart) -> None:
    heart.beat_for("one", log, 0.05)
    heart.beat_for("other", log, 0.05)
    until(lambda: min(log.beats().get(owner, 0) for owner in ("one", "other")) > 3)
    heart.rest_for("one")
    time.sleep(0.5)
    before = log.beats()
    until(lambda: log.beats()["other"] > before["other"] + 3)
    assert log.beats()["one"] == before["one"]


def test_a_fork_beats_by_itself_and_leaves_that_of_its_parent_alone(log: StudyLog, heart: Heart) -> None:
    heart.beat_for("parent", log, 0.05)
    child = os.fork()
    if not child:
        heart.after_fork_in_child()
        try:
            heart.beat_for("child", log, 0.05)
            until(lambda: log.beats().get("child"))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert log.beats()["child"]
    count = log.beats().get("parent", 0)
    until(lambda: log.beats().get("parent", 0) > count)


def test_a_log_that_no_other_process_can_open_is_refused(heart: Heart) -> None:
    class Log:
        def __reduce__(self) -> str:
            raise pickle.PicklingError("of this process alone")

        def __repr__(self) -> str:
            return "<Log>"

    with pytest.raises(StorageError, match=r"<Log> cannot be pickled.*give its class a __reduce__"):
        heart.beat_for("one", Log(), 1)  # type: ignore[arg-type]  # a wrong type, on purpose
