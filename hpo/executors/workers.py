"""Trials side by side in processes: how many, and what each may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hpo.backend.entry_points import named
from hpo.checkpoints import CheckpointFolder
from hpo.checks import checked_count, checked_positive, with_defaults
from hpo.executors.base import Executor, OnProgress
from hpo.executors.output import OnOutput
from hpo.executors.placement import Placement
from hpo.executors.plans import Cohorts, ExecutorPlan, InProcess
from hpo.objective.function import Objective


@dataclass(frozen=True)
class Workers(ExecutorPlan):
    """Processes that run trials side by side.

    Attributes:
        count: how many.
        devices: names of the devices that they share in turn, such as `("cuda:0", "cuda:1")`; None for the
            study's device.
        threads: how many threads the arithmetic of one trial uses.
        memory_limit: bytes of memory that a worker and its children may hold; None for any number. A trial
            that takes more has failed; of several that share a worker, each is run again.
        trial_timeout: seconds that one run of a trial may take; None for any number.
        max_retries: how many times a trial is run again if its worker was killed, ran out of time or hung,
            before the trial counts as failed.
        cohorts: how the trials of a worker train together; a search sets it by `fuse=`.
        on_output: receives what the trials print; a search sets it, and None leaves it unheard.

    Raises:
        ValueError: a number is out of its range.
        TypeError: one of the numbers is of another type.

    Example:
        >>> import hpo
        >>> hpo.Workers(2, memory_limit=4 * 2**30, trial_timeout=3600)
        Workers(count=2, devices=None, threads=1, memory_limit=4294967296, trial_timeout=3600, max_retries=2)
    """

    # Without a default, unlike that of the protocol, which a plain `count: int` would inherit.
    count: int = field()
    devices: Sequence[str] | None = None
    threads: int = 1
    memory_limit: int | None = None
    trial_timeout: float | None = None
    max_retries: int = 2
    cohorts: Cohorts = field(default_factory=Cohorts, repr=False)
    on_output: OnOutput | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked_count("workers", self.count)
        checked_count("Workers(threads=)", self.threads)
        for name in ("memory_limit", "trial_timeout"):
            if getattr(self, name) is not None:
                checked_positive(f"Workers({name}=)", getattr(self, name))
        if self.max_retries != 0:
            checked_count("Workers(max_retries=), unless 0,", self.max_retries)

    def with_cohorts(self, cohorts: Cohorts) -> Workers:
        """The plan where the trials of a worker train together."""
        return replace(self, cohorts=cohorts)

    def with_output(self, on_output: OnOutput) -> Workers:
        """The plan whose trials' output goes to this function."""
        return replace(self, on_output=on_output)

    def start(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
    ) -> Executor:
        """The executor for one run of a search.

        Raises:
            ObjectiveError: the objective cannot be sent to another process; the text says what part of it.
            NotImplementedError: this is no POSIX system.
        """
        from hpo.executors.processes import ProcessExecutor  # what a search in this process does not need

        return ProcessExecutor(
            objective,
            placement,
            on_progress,
            folder,
            workers=self.count,
            devices=self.devices,
            threads=self.threads,
            memory_limit=self.memory_limit,
            trial_timeout=self.trial_timeout,
            fuse=self.cohorts.fuse,
            memory=self.cohorts.memory,
            on_output=self.on_output,
        )


def plan_for(workers: object, executor: object = None) -> ExecutorPlan:
    """Where the trials of a search run, by its arguments `workers` and `executor`.

    Args:
        workers: a number of processes, of which 1 is this one; a plan; or the name of one that another
            distribution registered as an entry point of the group `hpo.executors`.
        executor: a plan or a name; None for what `workers` says.

    Raises:
        TypeError: one is of another kind.
        ValueError: the number is below 1, no plan has that name, or both say where the trials run.
        ImportError: what was registered under that name cannot be imported.
    """
    if executor is not None and workers != 1:
        raise ValueError(
            f"executor= says where the trials run, and how many at a time, so leave workers= out; "
            f"received workers={workers!r} beside {executor!r}."
        )
    plan: Any = workers if executor is None else executor
    if isinstance(plan, str):
        make, called = named("executor", plan, {})
        found: ExecutorPlan = make()
        return with_defaults(found, ExecutorPlan, f"{called} is an object with start(...)")
    if executor is None and not hasattr(plan, "start"):
        count = checked_count("workers", plan)
        return InProcess() if count == 1 else Workers(count)
    expected = "A plan, such as hpo.Workers(2), is an object with start(...)"
    checked: ExecutorPlan = with_defaults(plan, ExecutorPlan, expected)
    return checked
