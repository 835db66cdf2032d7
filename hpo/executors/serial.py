"""Trials one after the other, in this process."""

from __future__ import annotations

from hpo.executors.base import Assignment, OnReport, Outcome
from hpo.executors.evaluation import Evaluation
from hpo.objective import Objective
from hpo.placement import Placement


class SerialExecutor:
    """Runs each trial to its end before the next one starts.

    Args:
        objective: what the trials evaluate.
        placement: their seed, backend and device.
        on_report: gets what they report.
    """

    def __init__(self, objective: Objective, placement: Placement, on_report: OnReport) -> None:
        self._objective = objective
        self._placement = placement
        self._on_report = on_report
        self._running: dict[int, Evaluation] = {}

    @property
    def capacity(self) -> int:
        """Always 1."""
        return 1

    def submit(self, assignment: Assignment) -> None:
        """Take a trial; it starts at the next `poll`."""
        self._running[assignment.trial] = Evaluation(
            self._objective, assignment, self._placement, self._on_report
        )

    def poll(self) -> list[Outcome]:
        """Run the trial to its end.

        Raises:
            BaseException: what is no affair of the objective (see `OnReport`), and what no objective may
                swallow, such as KeyboardInterrupt. The trial's generator is closed by then.
        """
        for trial, evaluation in self._running.items():
            try:
                while (outcome := evaluation.step()) is None:
                    pass
            except BaseException:
                self.stop(trial)
                raise
            del self._running[trial]
            return [outcome]
        return []

    def stop(self, trial: int) -> None:
        """End a trial without an outcome."""
        self._running.pop(trial).close()

    def close(self) -> None:
        """End all trials without an outcome."""
        for trial in list(self._running):
            self.stop(trial)
