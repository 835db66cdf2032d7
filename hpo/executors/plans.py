"""Where the trials of a search run: here or in workers, one after the other or together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hpo.checkpoints import CheckpointFolder
from hpo.executors import Executor, ExecutorPlan, OnProgress, SerialExecutor
from hpo.executors.cohorts import CohortExecutor, Fuse, checked_fuse
from hpo.executors.cohorts.memory import CohortMemory
from hpo.executors.placement import Placement
from hpo.executors.workers import Workers
from hpo.objective.function import Objective
from hpo.training.fusable import fusable


class Execution:
    """What the arguments `workers`, `executor` and `fuse` of a search come to.

    Args:
        objective: the function that is tuned; None for a loop by hand.
        workers: in how many processes trials run side by side, or what says more.
        plan: where they run instead; None for nowhere else.
        fuse: how many trials may train together.

    Attributes:
        workers: the processes, one of which may stand for this one.
        clock: the seconds by which the plan goes; None for those of the computer.

    Raises:
        TypeError: an argument is of another kind.
        ValueError: the arguments do not go together, or with the objective.
    """

    def __init__(
        self,
        objective: Callable[..., Any] | None,
        workers: int | Workers,
        plan: ExecutorPlan | None,
        fuse: Fuse,
    ) -> None:
        self.workers = workers if isinstance(workers, Workers) else Workers(workers)
        if plan is not None and workers != 1:
            raise ValueError(
                f"executor= says where the trials run, and how many at a time, so leave workers= out; "
                f"received workers={workers!r} beside {plan!r}."
            )
        self._plan = plan
        self.clock: Callable[[], float] | None = getattr(plan, "clock", None)
        # Whoever passes `Workers` wants a process, though it be one.
        self._in_process = not isinstance(workers, Workers) and self.workers.count == 1
        self._fuse = checked_fuse(fuse)
        if self._fuse not in ("auto", 1) and objective is not None and fusable(objective) is None:
            raise ValueError(
                f"fuse={fuse} trains configurations together, and this objective does not say how: it trains "
                f"them by itself. The ready tasks (hpo.tasks) can, and hpo_torch.module_task.ModuleTask for "
                f"modules of your own; or leave fuse= out."
            )

    def start(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
        memory: CohortMemory,
        *,
        in_turn: bool,
    ) -> Executor:
        """An executor for a study; whoever has it closes it.

        Args:
            objective: what the trials evaluate.
            placement: their seed, backend and device.
            on_progress: gets what they report, and decides how they go on.
            folder: where checkpoints are written; None for nowhere.
            memory: what the study remembers of its cohorts.
            in_turn: whether the searcher learns from each result, so that trials do not train together
                unless a number says so.
        """
        if self._plan is not None:
            return self._plan.start(objective, placement, on_progress, folder)
        fuse = 1 if fusable(objective.function) is None or (in_turn and self._fuse == "auto") else self._fuse
        if self._in_process and fuse == 1:
            return SerialExecutor(objective, placement, on_progress, folder)
        if self._in_process:
            return CohortExecutor(objective, placement, on_progress, folder, fuse=fuse, memory=memory)
        from hpo.executors.processes import ProcessExecutor

        return ProcessExecutor(
            objective,
            placement,
            on_progress,
            folder,
            workers=self.workers.count,
            devices=self.workers.devices,
            threads=self.workers.threads,
            memory_limit=self.workers.memory_limit,
            trial_timeout=self.workers.trial_timeout,
            fuse=fuse,
            memory=memory,
        )
