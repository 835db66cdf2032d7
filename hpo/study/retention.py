"""Checkpoint retention: which files stay on the disk, and from which one a trial continues."""

from __future__ import annotations

from hpo.checkpoints import Checkpoint
from hpo.errors import CheckpointError
from hpo.study.history import History
from hpo.study.keep import Keep
from hpo.study.trial import TrialState


class Retention:
    """Finds the checkpoint from which a trial continues, and deletes those that are not needed any more.

    A trial that runs or waits has at most two checkpoints: of its last epoch, to continue from, and of its
    best one; its value is of one of these. Only an objective that saves a state after its last report has a
    third, of that report, if it is the value. A trial that ended has those or none, as `keep` says. So with
    `keep="best"` a study has at most two checkpoints for each trial that runs or waits, and two more.

    Args:
        history: the study's history.
        keep: whose models stay.
    """

    def __init__(self, history: History, keep: Keep) -> None:
        self._history = history
        self._keep = keep
        self._best_trial = history.best

    def after_progress(self, trial: int) -> None:
        """Delete what a trial needs no more, after it reported or wrote a checkpoint."""
        if self._history.folder is not None:
            self._history.folder.delete_trial(trial, keep=self._wanted(trial))

    def after_end(self, trial: int) -> None:
        """Delete what is not kept of a trial that ended, and of the one that was best before it."""
        history = self._history
        if history.folder is None:
            return
        if self._keep == "best" and history.best != self._best_trial:
            if self._best_trial is not None:
                history.folder.delete_trial(self._best_trial)
            self._best_trial = history.best
        history.folder.delete_trial(trial, keep=self.stay(trial))

    def stay(self, trial: int) -> list[Checkpoint]:
        """What stays of a trial that waits, or has ended."""
        history = self._history
        stays = self._keep == "all" or (self._keep == "best" and history.best == trial)
        if trial in history.paused or (stays and history.state(trial) is not TrialState.FAILED):
            return self._wanted(trial)
        return []

    def newest(self, trial: int) -> Checkpoint | None:
        """The newest checkpoint of a trial whose file is there; None if there is none."""
        folder = self._history.folder
        if folder is None:
            return None
        # The log may name a checkpoint that was deleted since: events stay, files do not.
        return next(
            (point for point in reversed(self._history.checkpoints(trial)) if folder.exists(point)), None
        )

    def copy_of(self, parent: int) -> Checkpoint:
        """Copy the newest checkpoint of a trial for the one that starts next.

        Raises:
            CheckpointError: there is none.
        """
        point, folder = self.newest(parent), self._history.folder
        reason = self._history.unwritten.get(parent)
        if point is None and reason is not None:
            raise CheckpointError(
                f"A new trial cannot start from trial {parent}, whose checkpoints could not be written: "
                f"{reason}. Mend that, and let another trial be the one to start from."
            )
        if point is None or folder is None:
            raise CheckpointError(
                f"A new trial cannot start from trial {parent}, which has no checkpoint. Give the study a "
                f"storage=, and let the objective call trial.checkpoint(model=...)."
            )
        return folder.copy(point, self._history.num_trials)

    def _wanted(self, trial: int) -> list[Checkpoint]:
        # A file that the log does not name was left by an attempt that was interrupted before it said so.
        points = self._history.checkpoints(trial)
        epochs = {self._history.best_epoch(trial), self._history.value_epoch(trial)}
        return [point for point in points if point is points[-1] or point.epoch in epochs]
