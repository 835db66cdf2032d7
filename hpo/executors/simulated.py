"""Trials on a virtual clock: any number of workers, and no time passes."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from hpo.checkpoints import CheckpointFolder
from hpo.checks import checked_count
from hpo.executors.base import Assignment, Ending, OnProgress, Outcome, Progress
from hpo.executors.failures import failed
from hpo.executors.placement import Placement
from hpo.executors.plans import ExecutorPlan
from hpo.executors.replicated import AnyEvaluation, evaluate
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.function import Objective, ResultError


class SimulatedExecutor(ExecutorPlan):
    """Pretends to run trials side by side: a report is passed on when its virtual time has come.

    The objective is called as ever, but should only look up or compute learning curves, as those of
    `hpo.replay_curves` do. Each report takes the seconds that it names, or one for each epoch that it adds.
    Trials that pause keep what they learned, however many there are.

    Searcher, scheduler and log are the real ones, and decide as they would in a real search whose trials
    report in the same order. `timeout=` and all times in the study are of the virtual clock.

    Args:
        workers: how many trials run at once.
        seconds: the metric that says how long an epoch took.

    Attributes:
        now: the virtual time, in seconds.

    Raises:
        ValueError: `workers` is less than 1.
        TypeError: `workers` is no integer.

    Example:
        >>> import hpo
        >>> def curve(config):
        ...     for epoch in range(1, 6):
        ...         yield {"loss": config["x"] / epoch, "seconds": 60}
        >>> plan = hpo.SimulatedExecutor(workers=4)
        >>> study = hpo.search(
        ...     curve, {"x": hpo.Float(0, 1)}, minimize="loss", num_trials=8, seed=0, workers=plan
        ... )
        >>> plan.now  # two trials after each other on each of four workers
        600.0
    """

    def __init__(self, workers: int = 1, *, seconds: str = "seconds") -> None:
        self.count = checked_count("SimulatedExecutor(workers)", workers)
        self.seconds = seconds
        self.now = 0.0

    def clock(self) -> float:
        """The virtual time."""
        return self.now

    def start(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None = None,
    ) -> Simulation:
        """The executor for one run of a search. It keeps no checkpoints."""
        return Simulation(self, objective, placement, on_progress)


@dataclass
class _Run:
    """A trial that was begun.

    Attributes:
        assignment: what it is to do.
        said: its reports that were not passed on yet.
        outcome: how it ended after these; None if it did not.
        heard: the last epoch that was passed on.
        evaluation: the evaluation that computes it; None once it cannot go on.
    """

    assignment: Assignment
    said: deque[Progress] = field(default_factory=deque)
    outcome: Outcome | None = None
    heard: int = 0
    evaluation: AnyEvaluation | None = None


class Simulation:
    """The `Executor` of one run.

    Args:
        plan: how many workers, and the clock.
        objective: what the trials evaluate.
        placement: their seed and backend.
        on_progress: receives each report when its time has come, and decides how the trial goes on.
    """

    def __init__(
        self,
        plan: SimulatedExecutor,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
    ) -> None:
        self._plan = plan
        self._objective = objective
        self._placement = placement
        self._on_progress = on_progress
        self._runs: dict[int, _Run] = {}
        # The trials that run, by the time of what they say next; of equal times the first to begin.
        self._agenda: list[tuple[float, int, int]] = []
        self._num_turns = 0

    @property
    def capacity(self) -> int:
        """The number of workers."""
        return self._plan.count

    def submit(self, assignment: Assignment) -> None:
        """Take a trial; it starts at once."""
        run = self._runs.get(assignment.trial)
        evaluation = None if run is None else run.evaluation
        if run is not None and evaluation is not None and evaluation.can_go_on(assignment):
            evaluation.go_on(assignment)
            run.assignment = assignment
        else:
            run = self._runs[assignment.trial] = _Run(assignment)
            run.evaluation = evaluate(self._objective, assignment, self._placement, _Ear(run), None)
        self._go_on(run)

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        """Let the clock run until a trial ends.

        Raises:
            BaseException: what `on_progress` raised, a `ResultError` apart. The trial has ended by then.
        """
        end = None if timeout is None else self._plan.now + timeout
        while self._agenda:
            if end is not None and self._agenda[0][0] > end:
                self._plan.now = end
                return []
            self._plan.now, _, trial = heapq.heappop(self._agenda)
            run = self._runs.get(trial)
            if run is None:
                continue  # it was stopped
            # A plain function may have reported many epochs in one step: they are passed on one by one.
            outcome = self._hear(run) if run.said else run.outcome
            if outcome is None:
                self._go_on(run)
                continue
            if run.evaluation is None or not run.evaluation.waits:
                self.stop(trial)
            return [outcome]
        return []

    def stop(self, trial: int) -> None:
        """End a trial without an outcome, running or paused."""
        run = self._runs.pop(trial, None)
        if run is not None and run.evaluation is not None:
            run.evaluation.close()

    def close(self) -> None:
        """End all trials without an outcome."""
        for trial in list(self._runs):
            self.stop(trial)

    def _go_on(self, run: _Run) -> None:
        """Compute what a trial reports next, and put it on the agenda for the time of that report."""
        if not run.said and run.outcome is None:
            assert run.evaluation is not None
            try:
                run.outcome = run.evaluation.step()
            except BaseException:
                self.stop(run.assignment.trial)
                raise
        seconds = self._duration(run.said[0], run.heard) if run.said else 0.0
        # The turn settles equal times, so that a simulation is exactly repeatable.
        self._num_turns += 1
        heapq.heappush(self._agenda, (self._plan.now + seconds, self._num_turns, run.assignment.trial))

    def _duration(self, progress: Progress, heard: int) -> float:
        named = progress.result.get(self._plan.seconds) if isinstance(progress.result, Mapping) else None
        return float(progress.epoch - heard) if named is None else max(0.0, named)

    def _hear(self, run: _Run) -> Outcome | None:
        """Pass on what a trial reported; the outcome if it is not to go on."""
        progress, mine = run.said.popleft(), run.assignment
        run.heard = progress.epoch
        try:
            decision = self._on_progress(progress)
        except ResultError as error:
            return failed(mine, error)
        except BaseException:
            self.stop(mine.trial)
            raise
        if decision.goes_on:
            return None
        # It was computed beyond this report, which a real trial would not have been.
        run.said.clear()
        run.outcome = None
        assert run.evaluation is not None
        if decision.verdict is not Verdict.PAUSE or not run.evaluation.pause(decision):
            run.evaluation.close()
            run.evaluation = None
        return Outcome(mine.trial, mine.attempt, Ending.LEFT)


class _Ear:
    """Keeps what a trial reports until its time has come, and lets the trial go on for now."""

    def __init__(self, run: _Run) -> None:
        self._run = run

    def __call__(self, progress: Progress) -> Decision:
        self._run.said.append(progress)
        return CONTINUE
