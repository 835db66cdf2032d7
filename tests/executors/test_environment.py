"""Threads and devices of workers."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from hpo.backend.threads import THREAD_VARIABLES
from hpo.executors import Assignment, Outcome
from hpo.executors.processes.environment import check_posix, worker_environment
from hpo.objective.context import CurrentTrial

Run = Callable[..., Outcome]
Start = Callable[..., Any]


def test_one_thread_by_default(run: Run) -> None:
    outcome = run(lambda config: {name: int(os.environ[name]) for name in THREAD_VARIABLES})
    assert outcome.result == dict.fromkeys(THREAD_VARIABLES, 1.0)


def test_threads_are_given_or_left(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert run(lambda config: int(os.environ["OMP_NUM_THREADS"]), threads=3).result == 3.0
    assert run(lambda config: int(os.environ["OMP_NUM_THREADS"]), threads=None).result == 5.0


def test_devices_go_round(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def see(config: dict[str, Any], trial: CurrentTrial) -> Any:
        assert trial.device_name == "cuda:0"
        yield int(os.environ["CUDA_VISIBLE_DEVICES"])

    executor = start(see, listen := Heard(), workers=3, devices=["cuda:1", "cuda:2"])
    for trial in range(3):
        executor.submit(Assignment(trial, {}))
    while len(listen.heard) < 3:
        assert all(outcome.reason is None for outcome in executor.poll())
    assert listen.heard == {0: 1.0, 1: 2.0, 2: 1.0}


class Heard:
    def __init__(self) -> None:
        self.heard: dict[int, Any] = {}

    def __call__(self, progress: Any) -> Any:
        from hpo.objective.decision import CONTINUE

        self.heard[progress.trial] = progress.result
        return CONTINUE


@pytest.mark.parametrize(
    ("device", "visible", "given", "name"),
    [
        ("cuda:1", None, "1", "cuda:0"),
        ("cuda", None, "0", "cuda:0"),
        ("gpu:1", "4,GPU-77", "GPU-77", "gpu:0"),
        ("cpu", "4", "", "cpu"),
        ("mps", None, None, "mps"),
        (None, "4", "4", None),
    ],
)
def test_what_a_worker_sees(device: str | None, visible: str | None, given: str | None, name: str) -> None:
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    result, called = worker_environment(environment, None, device)
    assert (result.get("CUDA_VISIBLE_DEVICES"), called) == (given, name)


def test_a_device_beyond_those_that_are_visible() -> None:
    with pytest.raises(ValueError, match="devices= names 'cuda:2', but CUDA_VISIBLE_DEVICES=5,6 shows 2"):
        worker_environment({"CUDA_VISIBLE_DEVICES": "5,6"}, None, "cuda:2")


@pytest.mark.parametrize("devices", ["cuda:0", [], [0]])
def test_devices_are_names(devices: Any, start: Start) -> None:
    with pytest.raises(ValueError, match=r"devices= takes a list of device names such as .*; received "):
        start(lambda config: 1, devices=devices)


@pytest.mark.parametrize(("name", "value"), [("workers", 0), ("threads", 1.5), ("max_paused", -1)])
def test_counts(name: str, value: Any, start: Start) -> None:
    with pytest.raises(ValueError, match=f"^{name}= is an integer of at least .; received {value}.$"):
        start(lambda config: 1, **{name: value})


def test_another_system_is_refused() -> None:
    with pytest.raises(
        NotImplementedError, match=r"need a POSIX system .* this one is 'nt'\. Leave out workers="
    ):
        check_posix("nt")
