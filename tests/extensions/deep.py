"""Trials one after the other, in a thread with a large stack."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hpo.checkpoints import CheckpointFolder
from hpo.executors.base import Executor, OnProgress, Outcome
from hpo.executors.placement import Placement
from hpo.executors.plans import ExecutorPlan
from hpo.executors.serial import SerialExecutor
from hpo.objective.function import Objective


class DeepExecutor(SerialExecutor):
    """Runs one trial at a time, in a thread with a stack of 64 MiB: for objectives that call themselves.

    The arguments are those of `SerialExecutor`.
    """

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        """Run the trial to its end, or until it is not to go on, in the thread."""
        before = threading.stack_size(2**26)
        try:
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(super().poll, timeout).result()
        finally:
            threading.stack_size(before)


@dataclass(frozen=True)
class DeepStack(ExecutorPlan):
    """Trials run one after the other in a thread with a large stack."""

    def start(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
    ) -> Executor:
        """The executor for one run of a search."""
        return DeepExecutor(objective, placement, on_progress, folder)
