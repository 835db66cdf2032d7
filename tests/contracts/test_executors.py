from hpo.checkpoints import CheckpointFolder
from hpo.executors import Executor, OnProgress, SerialExecutor
from hpo.executors.cohorts import CohortExecutor
from hpo.executors.placement import Placement
from hpo.executors.processes import ProcessExecutor
from hpo.objective.function import Objective
from hpo.testing.executors import ExecutorContract, ResultsContract


class TestSerial(ExecutorContract):
    def make(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
        max_paused: int,
    ) -> Executor:
        return SerialExecutor(objective, placement, on_progress, folder, max_paused=max_paused)


class Processes:
    workers = 1

    def make(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
        max_paused: int,
    ) -> Executor:
        return ProcessExecutor(
            objective, placement, on_progress, folder, workers=self.workers, max_paused=max_paused
        )


class TestProcesses(Processes, ExecutorContract): ...


class TestTwoProcesses(Processes, ResultsContract):
    workers = 2


class TestCohorts(ExecutorContract):
    def make(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
        max_paused: int,
    ) -> Executor:
        return CohortExecutor(objective, placement, on_progress, folder, max_paused=max_paused)
