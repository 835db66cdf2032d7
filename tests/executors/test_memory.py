"""Out of memory is a failure of its own kind, and its worker is replaced."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.backend import registry
from hpo.executors import Assignment, Ending
from hpo.objective.failure import FailureKind


def no_room(config: dict[str, Any]) -> int:
    if config["large"]:
        np.empty(2**60, dtype=np.uint8)
    return os.getpid()


def wrapped(config: dict[str, Any]) -> float:
    try:
        raise MemoryError("no room")
    except MemoryError as error:
        raise RuntimeError("the step failed") from error


def in_passing(config: dict[str, Any]) -> float:
    try:
        raise MemoryError("no room")
    except MemoryError:
        raise KeyError("clean-up") from None


def test_a_worker_whose_trial_ran_out_of_memory_is_replaced(start: Callable[..., Any]) -> None:
    executor = start(no_room)
    processes = []
    for trial, large in enumerate([False, False, True, False]):
        executor.submit(Assignment(trial, {"large": large}))
        [outcome] = executor.poll()
        processes.append(outcome.result)
    assert processes[0] == processes[1] != processes[3]
    assert processes[2] is None


def test_its_kind_comes_with_the_outcome(run: Callable[..., Any]) -> None:
    outcome = run(wrapped)
    assert (outcome.ending, outcome.kind) == (Ending.FAILED, FailureKind.MEMORY)
    assert outcome.reason.startswith("Out of memory: RuntimeError: the step failed")
    assert run(in_passing).kind is FailureKind.ERROR


@pytest.mark.parametrize("workers", [1, 2])
def test_it_is_not_tried_again(workers: int) -> None:
    with pytest.raises(hpo.errors.SearchFailedError) as raised:
        hpo.search(wrapped, {"x": hpo.Float(0, 1)}, num_trials=4, seed=0, workers=workers)
    assert [trial.attempt for trial in raised.value.study.trials] == [0] * 4


def test_no_other_error_is_taken_for_it() -> None:
    for error in (RuntimeError("out of luck"), ValueError("memory"), KeyboardInterrupt()):
        assert not registry.is_out_of_memory(error)
