"""Which worker runs what, and who is heard first."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hpo.checkpoints import CheckpointFolder
from hpo.executors import Assignment, Ending, Progress
from hpo.objective.decision import CONTINUE, Decision, Verdict

Start = Callable[..., Any]


def curve(config: dict[str, Any]) -> Any:
    for _ in range(4):
        while "waits" in config and not os.path.exists(config["waits"]):
            time.sleep(0.01)
        yield os.getpid()


class Listener:
    """Pauses some trials at their first report, and remembers what it heard."""

    def __init__(self, *paused: int) -> None:
        self.paused = set(paused)
        self.heard: list[Progress] = []

    def __call__(self, progress: Progress) -> Decision:
        self.heard.append(progress)
        if progress.trial in self.paused:
            self.paused.remove(progress.trial)
            return Decision(Verdict.PAUSE, "later")
        return CONTINUE

    def worker_of(self, trial: int, attempt: int = 0) -> Any:
        [worker] = {one.result for one in self.heard if (one.trial, one.attempt) == (trial, attempt)}
        return worker


def test_the_capacity_is_the_number_of_workers(start: Start) -> None:
    assert start(curve, workers=3).capacity == 3


def test_no_worker_starts_before_it_is_needed(start: Start) -> None:
    executor = start(curve, workers=3)
    assert executor._pool.workers == []
    executor.submit(Assignment(0, {}))
    assert len(executor._pool.workers) == 1


def test_too_many_trials_are_refused(start: Start) -> None:
    executor = start(curve)
    executor.submit(Assignment(0, {}))
    with pytest.raises(RuntimeError, match="All 1 workers are busy; trial 1 may be submitted when"):
        executor.submit(Assignment(1, {}))


def test_trials_run_side_by_side(start: Start, tmp_path: Path) -> None:
    def meeting(config: dict[str, Any]) -> int:
        (tmp_path / config["mine"]).touch()
        while not (tmp_path / config["other"]).exists():
            time.sleep(0.01)
        return 1

    executor = start(meeting, workers=2)
    executor.submit(Assignment(0, {"mine": "a", "other": "b"}))
    executor.submit(Assignment(1, {"mine": "b", "other": "a"}))
    endings = [*executor.poll(), *executor.poll()]
    assert {outcome.ending for outcome in endings} == {Ending.ENDED}


def test_a_paused_trial_goes_back_to_its_worker(start: Start) -> None:
    listener = Listener(0, 1)
    executor = start(curve, listener, workers=2)
    for trial in (0, 1):
        executor.submit(Assignment(trial, {}))
    while len(listener.heard) < 2 or any(worker.assignments for worker in executor._pool.workers):
        executor.poll()
    executor.submit(Assignment(1, {}, attempt=1))
    assert executor.poll()[0].ending is Ending.ENDED
    assert listener.worker_of(1, attempt=1) == listener.worker_of(1, attempt=0)
    assert len([one for one in listener.heard if one.trial == 1]) == 4


def test_a_paused_trial_goes_elsewhere_if_its_worker_is_busy(start: Start, tmp_path: Path) -> None:
    listener = Listener(0)
    executor = start(curve, listener, workers=2)
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].ending is Ending.LEFT
    executor.submit(Assignment(1, {"waits": str(tmp_path / "go")}))
    executor.submit(Assignment(0, {}, attempt=1))
    assert executor.poll()[0].trial == 0
    (tmp_path / "go").touch()
    assert executor.poll()[0].trial == 1
    assert listener.worker_of(1) == listener.worker_of(0) != listener.worker_of(0, attempt=1)
    assert len([one for one in listener.heard if (one.trial, one.attempt) == (0, 1)]) == 4


def test_a_paused_trial_whose_worker_died_goes_on_from_its_checkpoint(start: Start, tmp_path: Path) -> None:
    import numpy as np

    def learning(config: dict[str, Any], trial: Any) -> Any:
        weight = np.zeros(1)
        if trial.id == 1:
            os._exit(1)
        trial.checkpoint(weight=weight)
        for _ in trial.epochs(3):
            weight += 1
            yield weight

    folder = CheckpointFolder(tmp_path)
    listener = Listener(0)
    executor = start(learning, listener, folder=folder)
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].ending is Ending.LEFT
    executor.submit(Assignment(1, {}))
    assert executor.poll()[0].ending is Ending.LOST
    executor.submit(Assignment(0, {}, attempt=1, start=folder.checkpoint(0, 0, 1)))
    assert executor.poll()[0].ending is Ending.ENDED
    assert [(one.epoch, one.result) for one in listener.heard] == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_nobody_is_overheard(start: Start, tmp_path: Path) -> None:
    def fast(config: dict[str, Any], trial: Any) -> Any:
        (tmp_path / str(trial.id)).touch()
        while not (tmp_path / str(1 - trial.id)).exists():
            time.sleep(0.001)
        yield from range(100)

    order: list[int] = []

    def listen(progress: Progress) -> Decision:
        order.append(progress.trial)
        time.sleep(0.002)  # the other one has something to say by then
        return CONTINUE

    executor = start(fast, listen, workers=2)
    for trial in range(2):
        executor.submit(Assignment(trial, {}))
    for _ in range(2):
        executor.poll()
    assert 30 < sum(order[:100]) < 70


def test_poll_comes_back_in_time(start: Start, tmp_path: Path) -> None:
    executor = start(curve)
    executor.submit(Assignment(0, {"waits": str(tmp_path / "go")}))
    assert executor.poll(0) == []
    assert executor.poll(0.01) == []
    (tmp_path / "go").touch()
    assert executor.poll()[0].ending is Ending.ENDED


def test_an_error_on_one_report_loses_nothing_of_the_other_trials(start: Start) -> None:
    def listen(progress: Progress) -> Decision:
        if progress.trial == 0:
            raise KeyError("a callback's own")
        return CONTINUE

    executor = start(curve, listen, workers=2)
    for trial in range(2):
        executor.submit(Assignment(trial, {}))
    outcomes: list[Any] = []
    with suppress(KeyError):
        while True:
            outcomes += executor.poll()
    while not outcomes:
        outcomes += executor.poll()
    assert [(outcome.trial, outcome.ending) for outcome in outcomes] == [(1, Ending.ENDED)]


def test_the_executor_loads_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys, hpo.executors.processes.worker; "
        "print([name for name in ('cloudpickle', 'psutil', 'scipy', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
