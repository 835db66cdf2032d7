"""Who a running trial talks to: its reports go on from here, its checkpoints are written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpo.checkpoints import Attachments
from hpo.executors.base import Assignment, OnProgress, Progress
from hpo.executors.files import NoFiles, TrialFiles
from hpo.executors.placement import Placement
from hpo.objective.decision import CONTINUE, Decision
from hpo.objective.function import Result, ResultError, read_report


class Host:
    """The `hpo.objective.context.TrialHost` of one evaluation.

    Args:
        assignment: the trial.
        placement: where it runs.
        on_progress: gets what it reports, and decides how it goes on.
        files: where its checkpoints come from and go to.

    Attributes:
        assignment: what the trial is to do; replaced when it goes on after a pause.
        decision: what was decided on its last report.
        refused: what its last report was refused with; None if it was taken.
        num_reports: how many were taken.
        epoch: the last epoch that was reported, or after a restored checkpoint the one reported by then.
    """

    def __init__(
        self,
        assignment: Assignment,
        placement: Placement,
        on_progress: OnProgress,
        files: TrialFiles,
    ) -> None:
        self.assignment = assignment
        self.decision = CONTINUE
        self.refused: Exception | None = None
        self.num_reports = 0
        self.epoch = 0
        self._placement = placement
        self._on_progress = on_progress
        self._files = files
        restored = files.read()
        states, about = (None, {"epoch": 0, "saved": 0}) if restored is None else restored
        self._restored_epoch, self._saved = int(about["epoch"]), int(about["saved"])
        self._attachments = Attachments(states)

    @property
    def max_epochs(self) -> int | None:
        """The last epoch that is granted for now."""
        return self.assignment.until

    def go_on(self, assignment: Assignment) -> None:
        """Take the next assignment of a trial that was paused."""
        self.assignment, self.decision = assignment, CONTINUE
        self._files.go_on(assignment)

    def report(self, value: Any, epoch: int | None) -> Decision:
        """Take a report, from a `yield` or from inside of the objective (where it may be swallowed)."""
        self.raise_refused()
        if not self.decision.goes_on:
            return self.decision
        try:
            given, result = read_report(value, epoch)
            number = self.epoch + 1 if given is None else given
            if number <= self.epoch:
                raise ResultError(f"it reported epoch {number} after epoch {self.epoch}; epochs increase")
            self.epoch = number
            self.decision = self._tell(number, result, saved=number > self._saved and self._save(number))
        except Exception as error:
            self.refused = error
            raise
        self.num_reports += 1
        return self.decision

    def attach(self, things: Mapping[str, Any]) -> None:
        """Remember what training changes, and restore it if the trial goes on from a checkpoint."""
        if self._attachments.attach(things):
            self.epoch = self._restored_epoch
            self.begin_epoch(self.epoch + 1)

    def save(self, epoch: int) -> None:
        """Keep the attached objects' state after an epoch of which nothing is reported."""
        number = max(epoch, self._saved + 1)
        if self._save(number):
            self._tell(number, None, saved=True)

    def begin_epoch(self, epoch: int) -> None:
        """Make the framework's random numbers those of this epoch."""
        self._placement.begin_epoch(epoch)

    def find_device(self) -> Any:
        """The framework's object for the trial's device."""
        return self._placement.find_device()

    def raise_refused(self) -> None:
        """Say again what the last report was refused with, if it was."""
        if self.refused is not None:
            raise self.refused

    def leave(self) -> None:
        """Listen no more: the trial's outcome is known."""
        self._on_progress, self._files = _ignore, NoFiles()

    def _tell(self, epoch: int, result: Result | None, *, saved: bool) -> Decision:
        problem, self._files.problem = self._files.problem, None
        mine = self.assignment
        return self._on_progress(
            Progress(mine.trial, mine.attempt, epoch, result, saved=saved, problem=problem)
        )

    def _save(self, number: int) -> bool:
        """Write a checkpoint if there is something to keep; whether it is on the disk."""
        if isinstance(self._files, NoFiles):
            return False
        written = self._files.write(
            number, self._attachments.capture(), {"epoch": self.epoch, "saved": number}
        )
        self._saved = number if written else self._saved
        return written


def _ignore(progress: Progress) -> Decision:
    """After its end a trial reports to nothing."""
    return CONTINUE
