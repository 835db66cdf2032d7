"""What the tests of worker processes share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hpo.executors import Assignment, OnProgress, Outcome
from hpo.executors.placement import Placement
from hpo.executors.processes import ProcessExecutor
from hpo.objective.decision import CONTINUE
from hpo.objective.function import Objective

Start = Callable[..., ProcessExecutor]
Run = Callable[..., Outcome]
Gone = Callable[[Path], bool]


@pytest.fixture
def start() -> Iterator[Start]:
    """Make an executor of one worker, unless told otherwise, which is closed after the test."""
    made: list[ProcessExecutor] = []

    def start(
        function: Callable[..., Any], on_progress: OnProgress = lambda progress: CONTINUE, **options: Any
    ) -> ProcessExecutor:
        placement = Placement(seed=0, backend=None)
        made.append(ProcessExecutor(Objective(function), placement, on_progress, **{"workers": 1} | options))
        return made[-1]

    yield start
    for executor in made:
        executor.close()


@pytest.fixture
def run(start: Start) -> Run:
    """The outcome of a single trial."""

    def run(function: Callable[..., Any], **options: Any) -> Outcome:
        executor = start(function, **options)
        executor.submit(Assignment(0, {}))
        [outcome] = executor.poll()
        return outcome

    return run


@pytest.fixture
def gone() -> Gone:
    """Whether every process whose id is in a file ends in time."""

    def gone(ids: Path) -> bool:
        numbers = [int(line) for line in ids.read_text().split()]
        assert numbers
        deadline = time.monotonic() + 20
        while any(_runs(number) for number in numbers):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    return gone


def _runs(process: int) -> bool:
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
