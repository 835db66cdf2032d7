"""The protocol of an executor, and the records that go in and out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeAlias

from hpo.checkpoints import Checkpoint
from hpo.objective.decision import CONTINUE, Decision
from hpo.objective.failure import FailureKind
from hpo.objective.function import Result


@dataclass(frozen=True)
class Companion:
    """A place in a cohort of trials that train together.

    Attributes:
        trial: the id of the trial that has it.
        config: its config.
        runs: whether it still runs. A trial that failed keeps its place while its cohort trains on, as the
            others' results depend, by round-off, on the number of places.
    """

    trial: int
    config: dict[str, Any] = field(hash=False)
    runs: bool = True


@dataclass(frozen=True)
class Assignment:
    """A trial to run.

    Attributes:
        trial: its id.
        config: its config, as the study's log has it.
        attempt: which start of the trial this is, from 0.
        until: the last epoch that is granted for now; None where the objective itself knows its end.
        start: the checkpoint to continue from, if the trial's generator is not at hand; None to start from
            the first epoch.
        cohort: the cohort in which it ran when it was interrupted, in order; empty if there was none.

    Example:
        >>> from hpo.executors import Assignment, SerialExecutor, kept_in
        >>> from hpo.executors.placement import Placement
        >>> from hpo.objective.function import Objective
        >>> def train(config, trial):
        ...     for epoch in trial.epochs():
        ...         yield config["x"] / epoch
        >>> results = []
        >>> executor = SerialExecutor(Objective(train), Placement(seed=0, backend=None), kept_in(results))
        >>> executor.submit(Assignment(trial=0, config={"x": 6.0}, until=3))
        >>> done = executor.poll()
        >>> results
        [6.0, 3.0, 2.0]
    """

    trial: int
    config: dict[str, Any] = field(hash=False)
    attempt: int = 0
    until: int | None = None
    start: Checkpoint | None = None
    cohort: tuple[Companion, ...] = field(default=(), hash=False)


@dataclass(frozen=True)
class Progress:
    """What a trial reports on its way.

    Attributes:
        trial: its id.
        attempt: which start of the trial reports.
        epoch: the epoch that is done, from 1.
        result: what was reported of it; None if only a checkpoint was written.
        saved: whether a checkpoint of it was written.
        problem: what went wrong with its checkpoints without costing the trial, if something did.
        unread: names in its config that its objective has not looked at so far; none where that is not known.

    Example:
        >>> from hpo.executors import Assignment, SerialExecutor
        >>> from hpo.executors.placement import Placement
        >>> from hpo.objective.function import Objective
        >>> from hpo.schedulers import CONTINUE
        >>> def train(config):
        ...     yield {"loss": config["x"] / 1}
        ...     yield {"loss": config["x"] / 2}
        >>> def show(progress):
        ...     print(f"trial {progress.trial}, epoch {progress.epoch}: {progress.result}")
        ...     return CONTINUE
        >>> executor = SerialExecutor(Objective(train), Placement(seed=0, backend=None), show)
        >>> executor.submit(Assignment(trial=0, config={"x": 6}))
        >>> done = executor.poll()
        trial 0, epoch 1: {'loss': 6.0}
        trial 0, epoch 2: {'loss': 3.0}
    """

    trial: int
    attempt: int
    epoch: int
    result: Result | None = field(hash=False)
    saved: bool = False
    problem: str | None = None
    unread: tuple[str, ...] = field(default=(), compare=False)


class Ending(str, Enum):
    """Why an executor's slot is free again.

    Example:
        >>> from hpo.executors import Assignment, SerialExecutor
        >>> from hpo.executors.placement import Placement
        >>> from hpo.objective.function import Objective
        >>> from hpo.schedulers import Decision, Verdict
        >>> def train(config):
        ...     for epoch in range(1, 100):
        ...         yield config["x"] / epoch
        >>> def one_is_enough(progress):
        ...     return Decision(Verdict.STOP, "one epoch is enough")
        >>> executor = SerialExecutor(Objective(train), Placement(seed=0, backend=None), one_is_enough)
        >>> executor.submit(Assignment(trial=0, config={"x": 6}))
        >>> [outcome] = executor.poll()
        >>> outcome.ending
        <Ending.LEFT: 'left'>
    """

    ENDED = "ended"
    """The objective came to its end; there is a result."""

    FAILED = "failed"
    """The objective raised, or returned no result."""

    LEFT = "left"
    """The decision on its last report was not to go on."""

    LOST = "lost"
    """Where it ran is gone: killed, out of memory, out of time. It may be tried again."""


@dataclass(frozen=True)
class Outcome:
    """How an assignment ended.

    Attributes:
        trial: the trial's id.
        attempt: which start of the trial this was.
        ending: how.
        result: the final result, if it ENDED; None where the last report is the result.
        reason: why it FAILED or was LOST, in one line.
        traceback: where it failed, as Python prints it, or the last lines of the lost worker's output.
        kind: what kind of failure it is, if it FAILED.
        cause: what failures for the same cause have in common: the type of the error and its lines.
        unread: names in its config that its objective did not look at; none where that is not known.

    Example:
        >>> from hpo.executors import Assignment, SerialExecutor, kept_in
        >>> from hpo.executors.placement import Placement
        >>> from hpo.objective.function import Objective
        >>> def train(config):
        ...     if config["x"] < 9:
        ...         return config["x"] ** 2
        >>> executor = SerialExecutor(Objective(train), Placement(seed=0, backend=None), kept_in([]))
        >>> for trial, x in enumerate([3, 9]):  # doctest: +ELLIPSIS
        ...     executor.submit(Assignment(trial, {"x": x}))
        ...     [outcome] = executor.poll()
        ...     print(outcome.ending.value, outcome.result, outcome.reason)
        ended 9.0 None
        failed None No result: it gave None without a report, where a number, ... was expected.
    """

    trial: int
    attempt: int = 0
    ending: Ending = Ending.ENDED
    result: Result | None = field(default=None, hash=False)
    reason: str | None = None
    traceback: str | None = None
    kind: FailureKind = FailureKind.ERROR
    cause: str | None = None
    unread: tuple[str, ...] = field(default=(), compare=False)


OnProgress: TypeAlias = Callable[[Progress], Decision]
"""Takes what a trial reports, and decides how it goes on.

It raises `ResultError` if the trial has failed with this. Any other error is not the objective's and ends
the search.
"""


def kept_in(results: list[Result]) -> OnProgress:
    """Collect what trials report in a list, and let them all go on."""

    def keep(progress: Progress) -> Decision:
        if progress.result is not None:
            results.append(progress.result)
        return CONTINUE

    return keep


class Interruption(BaseException):
    """An executor ends from outside what it runs. No objective should swallow it."""


class Executor(Protocol):
    """Runs trials, and passes their reports to an `OnProgress` as they come.

    It holds the objectives' generators. A trial that was paused may be submitted again, with the next
    attempt. It continues from its generator if that is still there, else from `start`, else from its first
    epoch.

    Example:
        >>> import hpo
        >>> from hpo.executors import ExecutorPlan, Outcome
        >>> class Inline:
        ...     capacity = 1
        ...
        ...     def __init__(self, objective):
        ...         self.objective, self.waiting = objective, []
        ...
        ...     def submit(self, assignment):
        ...         self.waiting.append(assignment)
        ...
        ...     def poll(self, timeout=None):
        ...         taken, self.waiting = self.waiting, []
        ...         return [self.outcome(assignment) for assignment in taken]
        ...
        ...     def outcome(self, assignment):
        ...         result = self.objective.function(assignment.config)
        ...         return Outcome(assignment.trial, assignment.attempt, result=result)
        ...
        ...     def stop(self, trial):
        ...         self.waiting = [one for one in self.waiting if one.trial != trial]
        ...
        ...     def close(self):
        ...         self.waiting = []
        >>> class InlinePlan(ExecutorPlan):
        ...     def start(self, objective, placement, on_progress, folder):
        ...         return Inline(objective)
        >>> def square(config):
        ...     return config["x"] ** 2
        >>> study = hpo.search(square, {"x": hpo.Int(-3, 3)}, executor=InlinePlan(), num_trials=9, seed=0)
        >>> study.num_completed, study.best.value
        (9, 0.0)
    """

    @property
    def capacity(self) -> int:
        """How many trials it runs at a time."""
        ...

    def submit(self, assignment: Assignment) -> None:
        """Take a trial. The executor holds at most `capacity` of them at a time."""
        ...

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        """Run the trials until at least one assignment ends. Returns at once if there are none.

        Args:
            timeout: seconds after which to return, as far as is possible between two reports; None waits.
        """
        ...

    def stop(self, trial: int) -> None:
        """End a trial without an outcome, running or paused; its generator is closed."""
        ...

    def close(self) -> None:
        """End all trials without an outcome."""
        ...
