from hpo.checkpoints import CheckpointFolder
from hpo.executors import Executor, ExecutorPlan, OnProgress, SerialExecutor
from hpo.executors.cohorts import CohortExecutor
from hpo.executors.placement import Placement
from hpo.executors.plans import Cohorts, InProcess
from hpo.executors.processes import ProcessExecutor
from hpo.executors.workers import Workers
from hpo.objective.function import Objective
from hpo.testing.executors import ExecutorContract, ResultsContract
from hpo.testing.output import OutputContract


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


class TestOutputInThisProcess(OutputContract):
    def plan(self) -> ExecutorPlan:
        return InProcess()


class TestOutputOfCohorts(OutputContract):
    def plan(self) -> ExecutorPlan:
        return AlwaysCohorts()


class TestOutputOfWorkers(OutputContract):
    def plan(self) -> ExecutorPlan:
        return Workers(2)


class AlwaysCohorts(InProcess):
    """Trains in cohorts what knows nothing of them, too."""

    def with_cohorts(self, cohorts: Cohorts) -> ExecutorPlan:
        return InProcess(Cohorts(fuse=2))
