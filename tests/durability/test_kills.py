"""A search whose process is killed, again and again, at any moment."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

import hpo
from hpo.storage.events import EventKind
from tests.stress import IS_STRESS

VICTIM = Path(__file__).with_name("victim.py")
NUM_KILLS = 20 if IS_STRESS else 8


@contextmanager
def victim(file: Path, executor: str) -> Iterator[subprocess.Popen[str]]:
    """The process, once its search is under way."""
    command = [sys.executable, str(VICTIM), str(file), executor]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        yield process


def run_to_the_end(file: Path, executor: str) -> hpo.Study:
    with victim(file, executor) as process:
        output, _ = process.communicate(timeout=120)
        assert (output, process.returncode) == ("done\n", 0)
    return hpo.load_study(file, "killed")


def kill_after(seconds: float, file: Path, executor: str) -> None:
    """Start the search, kill it, and see that nothing of it is left."""
    with victim(file, executor) as process:
        time.sleep(seconds)
        children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.kill()
    assert not wait_until_gone(children)


def wait_until_gone(pids: list[int]) -> list[int]:
    """Those that are still there after a generous while."""
    until = time.monotonic() + 20
    while time.monotonic() < until and any(map(psutil.pid_exists, pids)):
        time.sleep(0.05)
    return [pid for pid in pids if psutil.pid_exists(pid)]


@pytest.mark.parametrize("executor", ["serial", "processes", "cohort"])
def test_a_search_killed_again_and_again_ends_as_one_that_was_not(tmp_path: Path, executor: str) -> None:
    whole = run_to_the_end(tmp_path / "whole.db", "serial" if executor == "processes" else executor)
    for seconds in np.random.default_rng(0).uniform(0, 0.05, NUM_KILLS):
        kill_after(seconds, tmp_path / "killed.db", executor)
    # It would prove nothing if the search had been over by now, or never had a trial in flight.
    interrupted = hpo.load_study(tmp_path / "killed.db", "killed")
    assert interrupted.num_completed < len(whole.trials)
    assert sum(trial.attempt for trial in interrupted.trials) >= NUM_KILLS // 4
    killed = run_to_the_end(tmp_path / "killed.db", executor)
    assert killed.trials == whole.trials
    assert killed.best == whole.best
    assert not [event for event in killed.events if event.kind is EventKind.NONDETERMINISTIC]
    assert killed.history.folder is not None
    kept = {Path(point.path) for trial in killed.trials for point in trial.kept}
    assert set(killed.history.folder.path.rglob("*")) == kept | {path.parent for path in kept}
    for trial, other in zip(killed.trials, whole.trials, strict=True):
        arrays, others = trial.arrays("last"), other.arrays("last")
        assert all(np.array_equal(array, others[name]) for name, array in arrays.items())
