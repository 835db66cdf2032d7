"""Plans: where the trials of a search run, as an object that makes the executor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from hpo.checkpoints import CheckpointFolder
from hpo.executors.base import Executor, OnProgress
from hpo.executors.cohorts.executor import CohortExecutor
from hpo.executors.cohorts.memory import CohortMemory, ShortMemory
from hpo.executors.cohorts.planner import Fuse, checked_fuse
from hpo.executors.output import OnOutput
from hpo.executors.placement import Placement
from hpo.executors.serial import SerialExecutor
from hpo.objective.function import Objective
from hpo.training.fusable import fusable


@dataclass(frozen=True)
class Cohorts:
    """How trials train together.

    Attributes:
        fuse: how many at most; `"auto"` for as many as pays, 1 for each alone.
        memory: what the study remembers of them.

    Example:
        >>> import hpo
        >>> from hpo.executors import Cohorts
        >>> plan = hpo.Workers(2).with_cohorts(Cohorts(fuse=8))  # as hpo.search(workers=2, fuse=8) does
        >>> plan.cohorts.fuse
        8
    """

    fuse: Fuse = 1
    memory: CohortMemory = field(default_factory=ShortMemory, compare=False)


class ExecutorPlan(Protocol):
    """Where the trials of a search run, and how many at a time: what `workers=` takes beside a number.

    A class that derives from this one inherits a default for what it does not define. An object of any
    other class that has `start` receives the defaults when a search takes it.

    Attributes:
        count: how many trials run at a time, as far as the plan knows.
        max_retries: how many times a trial whose process was lost is run again, before it counts as failed.
        clock: returns the seconds by which a search is measured, which never go back; None for the
            computer's clock.

    Example:
        >>> import hpo
        >>> from hpo.executors import ExecutorPlan, SerialExecutor
        >>> class OneByOne(ExecutorPlan):
        ...     max_retries = 0
        ...
        ...     def start(self, objective, placement, on_progress, folder):
        ...         print(f"seed {placement.seed}, checkpoints in {folder}")
        ...         return SerialExecutor(objective, placement, on_progress, folder)
        >>> def square(config):
        ...     return config["x"] ** 2
        >>> study = hpo.search(square, {"x": hpo.Int(-3, 3)}, executor=OneByOne(), num_trials=9, seed=7)
        seed 7, checkpoints in None
    """

    count: int = 1
    max_retries: int = 2
    clock: Callable[[], float] | None = None

    def with_cohorts(self, cohorts: Cohorts) -> ExecutorPlan:
        """The plan where trials train together; itself if it trains each alone."""
        return self

    def with_output(self, on_output: OnOutput) -> ExecutorPlan:
        """The plan whose trials' output goes to this function; itself if they print into this process.

        Args:
            on_output: receives what trials print elsewhere, line by line, from a `poll`, `stop` or `close`.
        """
        return self

    @abstractmethod
    def start(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
    ) -> Executor:
        """The executor for one run of a search, which the caller closes.

        Args:
            objective: what the trials evaluate.
            placement: their seed, backend and device.
            on_progress: receives what they report, and decides how they go on.
            folder: where their checkpoints go; None keeps none.
        """
        ...


@dataclass(frozen=True)
class InProcess(ExecutorPlan):
    """Trials run in this process, one after the other or together.

    Attributes:
        cohorts: how they train together.
    """

    cohorts: Cohorts = field(default_factory=Cohorts)

    def with_cohorts(self, cohorts: Cohorts) -> ExecutorPlan:
        """The plan where trials train together."""
        return InProcess(cohorts)

    def start(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
    ) -> Executor:
        """The executor for one run of a search."""
        fuse, memory = self.cohorts.fuse, self.cohorts.memory
        if fuse == 1:
            # A cohort of one would do, but takes a quarter more time where the objective takes none.
            return SerialExecutor(objective, placement, on_progress, folder)
        return CohortExecutor(objective, placement, on_progress, folder, fuse=fuse, memory=memory)


def fuse_for(fuse: Fuse, objective: Callable[..., Any] | None) -> Fuse:
    """How many trials of an objective may train together, as it was asked for; 1 if it does not say how.

    Raises:
        TypeError: `fuse` is neither a number nor `"auto"`.
        ValueError: it is another text or below 1, or asks for what the objective does not know.
    """
    checked = checked_fuse(fuse)
    if objective is None or fusable(objective) is not None:
        return checked
    if checked not in ("auto", 1):
        raise ValueError(
            f"fuse={fuse} trains configurations together, and this objective does not say how: it trains "
            f"them by itself. The ready tasks (hpo.tasks) can, and hpo_torch.module_task.ModuleTask for "
            f"modules of your own; or leave fuse= out."
        )
    return 1
