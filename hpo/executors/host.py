"""The host of a running trial, which passes its reports on and writes its checkpoints."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hpo.checkpoints import Attachments
from hpo.executors.base import Assignment, OnProgress, Progress
from hpo.executors.files import NoFiles, TrialFiles
from hpo.executors.forks import end_if_forked
from hpo.executors.output import speaking
from hpo.executors.placement import Placement
from hpo.objective.decision import CONTINUE, Decision
from hpo.objective.function import LAST_EPOCH, Result, ResultError, check_not_compiling, read_report
from hpo.objective.reads import WatchedConfig


class Host:
    """The `hpo.objective.context.TrialHost` of one evaluation.

    Args:
        assignment: the trial.
        placement: where it runs.
        on_progress: receives what it reports, and decides how it goes on.
        files: where its checkpoints come from and go to.

    Attributes:
        assignment: what the trial is to do; replaced when it goes on after a pause.
        decision: what was decided on its last report.
        refused: the error with which its last report was refused; None if it was taken.
        num_reports: how many were taken.
        epoch: the last epoch that was reported; after a checkpoint was restored, the last one before it.
        silence: why there may be no report, in the words of what was to report; None if nothing was said.
        config: the trial's config, watched for what is read of it.
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
        self.refused: BaseException | None = None
        self.num_reports = 0
        self.epoch = 0
        self.silence: str | None = None
        self._unread = set(assignment.config)
        self.config = WatchedConfig(assignment.config, self._unread)
        self._process = os.getpid()
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

    @property
    def unread(self) -> tuple[str, ...]:
        """The names in the config that were not looked at; none where none was.

        In that case something in compiled code may have taken the whole, past what is watched.
        """
        if not self._unread or len(self._unread) == len(self.assignment.config):
            return ()
        return tuple(sorted(self._unread))

    def go_on(self, assignment: Assignment) -> None:
        """Take the next assignment of a trial that was paused."""
        self.assignment, self.decision = assignment, CONTINUE
        self._files.go_on(assignment)

    def report(self, value: Any, epoch: int | None) -> Decision:
        """Take a report, from a `yield` or from inside of the objective (where it may be swallowed)."""
        end_if_forked(self._process)
        # An objective that swallowed what ended its trial may report again: nothing of that counts.
        self.raise_refused()
        if not self.decision.goes_on:
            return self.decision
        try:
            check_not_compiling()
            given, result = read_report(value, epoch)
            number = self.epoch + 1 if given is None else given
            if number <= self.epoch:
                raise ResultError(f"it reported epoch {number} after epoch {self.epoch}; epochs increase")
            # Set before the checkpoint is written, whose notes hold it. The file is complete before its
            # report is passed on: no event names a checkpoint that is not there.
            self.epoch = number
            self.decision = self._tell(number, result, saved=number > self._saved and self._save(number))
        except BaseException as error:
            # Ctrl-C, too, which an objective may swallow: its next report raises it again.
            self.refused = error
            raise
        self.num_reports += 1
        return self.decision

    def attach(self, things: Mapping[str, Any]) -> None:
        """Remember what training changes, and restore it if the trial continues from a checkpoint."""
        # Only if something was restored: an objective that attaches nothing starts from its first epoch.
        if self._attachments.attach(things):
            self.epoch = self._restored_epoch
            self.begin_epoch(self.epoch + 1)

    def save(self, epoch: int) -> None:
        """Keep the attached objects' state after an epoch of which nothing is reported."""
        end_if_forked(self._process)
        # A new number each time: the log takes one checkpoint of an attempt and epoch.
        number = max(epoch, self._saved + 1)
        saved = self._save(number)
        # A problem is told at once: an objective that only returns a number makes no report to tell it with.
        if saved or self._files.problem is not None:
            self._tell(number, None, saved=saved)

    def explain_silence(self, reason: str) -> None:
        """Keep the reason why there may be no report."""
        self.silence = reason

    def begin_epoch(self, epoch: int) -> None:
        """Seed the global generators of random numbers for this epoch."""
        self._placement.begin_epoch(epoch)

    def find_device(self) -> Any:
        """The framework's object for the trial's device."""
        return self._placement.find_device()

    def raise_refused(self) -> None:
        """Raise the error with which the last report was refused, if it was."""
        if self.refused is not None:
            raise self.refused

    def leave(self) -> None:
        """Ignore whatever the trial still reports: its outcome is known."""
        self._on_progress, self._files = _ignore, NoFiles()

    def _tell(self, epoch: int, result: Result | None, *, saved: bool) -> Decision:
        # Each problem is reported once.
        problem, self._files.problem = self._files.problem, None
        mine = self.assignment
        said = Progress(
            mine.trial, mine.attempt, epoch, result, saved=saved, problem=problem, unread=self.unread
        )
        # What the search and its callbacks print is not the trial's.
        with speaking():
            return self._on_progress(said)

    def _save(self, number: int) -> bool:
        """Write a checkpoint if there is something to keep; whether it is on the disk."""
        # To capture the states copies every parameter: not where nothing is kept.
        if isinstance(self._files, NoFiles) or number > LAST_EPOCH:
            return False
        written = self._files.write(
            number, self._attachments.capture(), {"epoch": self.epoch, "saved": number}
        )
        self._saved = number if written else self._saved
        return written


def _ignore(progress: Progress) -> Decision:
    """Ignore a report of a trial that has ended."""
    return CONTINUE
