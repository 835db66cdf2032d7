"""Trials whose worker is lost: each ends as LOST, with the reason in words, and costs no other trial."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from hpo.executors import Assignment, Ending, Outcome
from hpo.objective.failure import FailureKind

Run = Callable[..., Outcome]
Start = Callable[..., Any]


def reason(outcome: Outcome, kind: FailureKind = FailureKind.LOST) -> str:
    assert outcome.ending is (Ending.LOST if kind is FailureKind.LOST else Ending.FAILED)
    assert outcome.kind is kind
    assert outcome.result is None
    return outcome.reason or ""


def test_killed(run: Run) -> None:
    outcome = run(lambda config: os.kill(os.getpid(), signal.SIGKILL))
    assert reason(outcome) == (
        "The worker of trial 0 was ended by SIGKILL; "
        "the system may have been out of memory, or someone killed it."
    )


def test_leaving_by_os_exit(run: Run) -> None:
    assert (
        reason(run(lambda config: os._exit(7)))
        == "The worker of trial 0 ended with exit code 7, as by os._exit(7)."
    )


def test_a_crash_shows_where(run: Run) -> None:
    def crashing(config: dict[str, Any]) -> None:
        ctypes.string_at(0)

    outcome = run(crashing)
    assert "ended by SIGSEGV; compiled code touched memory that is not its own" in reason(outcome)
    assert "Fatal Python error: Segmentation fault" in (outcome.traceback or "")
    assert "in crashing" in (outcome.traceback or "")


def test_an_unnamed_signal(run: Run) -> None:
    number = signal.SIGRTMIN + 3
    assert f"ended by signal {number}." in reason(run(lambda config: os.kill(os.getpid(), number)))


def test_the_trials_last_lines_are_shown(start: Start) -> None:
    def objective(config: dict[str, Any]) -> int:
        for line in range(config["lines"]):
            print("line", line, "of", config["lines"])
        return os._exit(1) if config["lines"] > 9 else 0

    executor = start(objective)
    executor.submit(Assignment(0, {"lines": 5}))
    assert executor.poll()[0].ending is Ending.ENDED
    executor.submit(Assignment(1, {"lines": 40}))
    shown = executor.poll()[0].traceback.splitlines()
    assert shown == [f"line {line} of 40" for line in range(10, 40)]


def test_only_the_trials_own_lines_are_shown(start: Start) -> None:
    def objective(config: dict[str, Any]) -> int:
        print("trial", config["trial"])
        return os._exit(1) if config["trial"] else 0

    executor = start(objective)
    for trial in (0, 1):
        executor.submit(Assignment(trial, {"trial": trial}))
        [outcome] = executor.poll()
    assert outcome.traceback == "trial 1"


def test_a_fresh_worker_takes_its_place(start: Start) -> None:
    executor = start(lambda config: os.getpid() if config["fine"] else os._exit(1))
    workers = []
    for trial, fine in enumerate([True, True, False, True]):
        executor.submit(Assignment(trial, {"fine": fine}))
        workers.append(executor.poll()[0].result)
    assert workers[0] == workers[1] != workers[3]


def test_a_worker_that_died_while_it_was_free_costs_nothing(start: Start) -> None:
    executor = start(lambda config: os.getpid())
    executor.submit(Assignment(0, {}))
    worker = int(executor.poll()[0].result)
    os.kill(worker, signal.SIGKILL)
    [handle] = executor._pool.workers
    assert handle.wait(20)
    executor.submit(Assignment(1, {}))
    assert executor.poll()[0].ending is Ending.ENDED


def test_other_trials_go_on(start: Start) -> None:
    def objective(config: dict[str, Any]) -> Any:
        for epoch in range(1, 4):
            if config["dies"] and epoch == 2:
                os._exit(1)
            time.sleep(0.05)
            yield epoch

    executor = start(objective, workers=2)
    for trial, dies in enumerate([True, False]):
        executor.submit(Assignment(trial, {"dies": dies}))
    endings: dict[int, Ending] = {}
    while len(endings) < 2:
        endings.update({outcome.trial: outcome.ending for outcome in executor.poll()})
    assert endings == {0: Ending.LOST, 1: Ending.ENDED}


def test_too_much_memory(run: Run) -> None:
    def greedy(config: dict[str, Any]) -> None:
        held = bytearray(os.urandom(1) * (400 * 2**20))
        time.sleep(60)
        del held

    text = reason(run(greedy, memory_limit=300 * 2**20), FailureKind.MEMORY)
    assert "of memory, more than the limit of 300 MiB." in text
    assert 300 < float(text.split(" held ")[1].split(" MiB")[0]) < 1000


def test_memory_of_what_the_objective_started_counts(run: Run) -> None:
    program = "import os, time; held = bytearray(os.urandom(1) * (400 * 2**20)); time.sleep(60)"

    def greedy(config: dict[str, Any]) -> int:
        return subprocess.run([sys.executable, "-c", program], check=False).returncode

    assert "the limit of 300 MiB" in reason(run(greedy, memory_limit=300 * 2**20), FailureKind.MEMORY)


def test_too_long(run: Run) -> None:
    text = reason(run(lambda config: time.sleep(60), trial_timeout=0.4))
    assert text.startswith("Trial 0 ran for ")
    assert text.endswith(" s, longer than the limit of 0.4 s.")


def test_the_time_begins_when_the_objective_is_loaded(run: Run) -> None:
    class SlowToLoad:
        def __getstate__(self) -> dict[str, float]:
            return {"seconds": 1.5}

        def __setstate__(self, state: dict[str, float]) -> None:
            time.sleep(state["seconds"])

        def __call__(self, config: dict[str, Any]) -> float:
            return 1.0

    assert run(SlowToLoad(), trial_timeout=1).ending is Ending.ENDED


def test_the_time_is_that_of_one_assignment(start: Start) -> None:
    executor = start(lambda config: time.sleep(0.3), trial_timeout=5)
    for trial in range(3):
        executor.submit(Assignment(trial, {}))
        assert "No result" in (executor.poll()[0].reason or "")


def test_no_sign_of_life(run: Run) -> None:
    text = reason(run(lambda config: os.kill(os.getpid(), signal.SIGSTOP), stale_after=1))
    assert text.startswith("The worker of trial 0 gave no sign of life for ")
    assert text.endswith(" s (the limit is 1 s) and was ended.")


def test_a_busy_worker_gives_signs_of_life(run: Run) -> None:
    def busy(config: dict[str, Any]) -> int:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            pass
        return 1

    assert run(busy, stale_after=1).ending is Ending.ENDED


def test_a_parent_that_was_away_holds_no_grudge(start: Start) -> None:
    executor = start(lambda config: 1.0, stale_after=1)
    executor.submit(Assignment(0, {}))
    time.sleep(1.5)
    assert executor.poll()[0].ending is Ending.ENDED


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [("memory_limit", 0, "bytes"), ("trial_timeout", True, "seconds"), ("stale_after", None, "seconds")],
)
def test_a_limit_is_a_positive_number(name: str, value: Any, unit: str, start: Start) -> None:
    with pytest.raises(ValueError, match=f"^{name}= takes a positive number of {unit}; received {value!r}.$"):
        start(lambda config: 1, **{name: value})
