"""Trials one after the other, in this process."""

from __future__ import annotations

from hpo.checkpoints import CheckpointFolder
from hpo.executors.base import Assignment, Ending, OnProgress, Outcome
from hpo.executors.placement import Placement
from hpo.executors.replicated import AnyEvaluation, evaluate
from hpo.objective.function import Objective


class SerialExecutor:
    """Runs one trial at a time, to its end or until it is paused.

    Args:
        objective: what the trials evaluate.
        placement: their seed, backend and device.
        on_progress: receives what they report, and decides how they go on.
        folder: where their checkpoints go; None keeps none.
        max_paused: how many paused trials keep their generators. The trial that stands worst among its
            rivals loses its generator first (of equals, the one that was paused first), and continues from
            its checkpoint.

    Example:
        >>> from hpo.executors import Assignment, SerialExecutor, kept_in
        >>> from hpo.executors.placement import Placement
        >>> from hpo.objective.function import Objective
        >>> square = Objective(lambda config: config["x"] ** 2)
        >>> executor = SerialExecutor(square, Placement(seed=0, backend=None), kept_in([]))
        >>> executor.submit(Assignment(trial=0, config={"x": 3}))
        >>> [outcome] = executor.poll()
        >>> outcome.ending.value, outcome.result
        ('ended', 9.0)
    """

    def __init__(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None = None,
        *,
        max_paused: int = 8,
    ) -> None:
        self._objective = objective
        self._placement = placement
        self._on_progress = on_progress
        self._folder = folder
        self._max_paused = max_paused
        self._running: dict[int, AnyEvaluation] = {}
        self._paused: dict[int, AnyEvaluation] = {}

    @property
    def capacity(self) -> int:
        """Always 1."""
        return 1

    def submit(self, assignment: Assignment) -> None:
        """Take a trial; it starts or goes on at the next `poll`."""
        evaluation = self._paused.pop(assignment.trial, None)
        if evaluation is not None and evaluation.can_go_on(assignment):
            evaluation.go_on(assignment)
        else:
            if evaluation is not None:
                evaluation.close()
            evaluation = evaluate(
                self._objective, assignment, self._placement, self._on_progress, self._folder
            )
        self._running[assignment.trial] = evaluation

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        """Run the trial to its end, or until it is not to go on. Nothing interrupts it between two reports.

        Raises:
            BaseException: an error that is not the objective's (see `OnProgress`), and what no objective may
                swallow, such as KeyboardInterrupt. The trial's generator is closed by then.
        """
        for trial, evaluation in self._running.items():
            try:
                while (outcome := evaluation.step()) is None:
                    pass
            except BaseException:
                self.stop(trial)
                raise
            del self._running[trial]  # the loop ends here, so its dictionary may change
            if outcome.ending is Ending.LEFT and evaluation.waits:
                self._keep(trial, evaluation)
            return [outcome]
        return []

    def stop(self, trial: int) -> None:
        """End a trial without an outcome."""
        for evaluations in (self._running, self._paused):
            if trial in evaluations:
                evaluations.pop(trial).close()

    def close(self) -> None:
        """End all trials without an outcome."""
        for trial in [*self._running, *self._paused]:
            self.stop(trial)

    def _keep(self, trial: int, evaluation: AnyEvaluation) -> None:
        self._paused[trial] = evaluation
        while len(self._paused) > self._max_paused:
            # `max` returns the first of equals, and a dictionary is in the order of the pauses.
            self.stop(max(self._paused, key=lambda one: self._paused[one].standing))
