"""Where a running trial's checkpoints come from and go to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hpo.backend import Tree
from hpo.checkpoints import CheckpointFolder
from hpo.errors import CheckpointError
from hpo.executors.base import Assignment

States = dict[str, Tree]


class TrialFiles(Protocol):
    """Reads and writes the checkpoints of one evaluation. A problem with them never costs the trial."""

    problem: str | None
    """What went wrong and was not reported yet; None if nothing."""

    def read(self) -> tuple[States, dict[str, Any]] | None:
        """The states to continue from, with their notes; None to start from the first epoch."""
        ...

    def write(self, number: int, states: States, about: Mapping[str, Any]) -> bool:
        """Write the checkpoint of an epoch; whether it is there now."""
        ...

    def go_on(self, assignment: Assignment) -> None:
        """Take the next assignment of a trial that was paused."""
        ...


class NoFiles:
    """Keeps nothing."""

    problem: str | None = None

    def read(self) -> None:
        """There is nothing to continue from."""

    def write(self, number: int, states: States, about: Mapping[str, Any]) -> bool:
        """Nothing is written."""
        return False

    def go_on(self, assignment: Assignment) -> None:
        """There is nothing to name after it."""


class FolderFiles:
    """The checkpoints in the study's folder.

    Args:
        folder: the folder.
        assignment: the trial, and the checkpoint to continue from.
    """

    def __init__(self, folder: CheckpointFolder, assignment: Assignment) -> None:
        self._folder = folder
        self._assignment = assignment
        self.problem: str | None = None

    def read(self) -> tuple[States, dict[str, Any]] | None:
        """The states to continue from; None where the file cannot be read."""
        start = self._assignment.start
        if start is None:
            return None
        try:
            return start.load()
        except CheckpointError as error:
            self.problem = f"The trial starts from its first epoch. {error}"
            return None

    def write(self, number: int, states: States, about: Mapping[str, Any]) -> bool:
        """Write the checkpoint of an epoch, unless nothing is attached or the disk is full."""
        if not states:
            return False
        mine = self._assignment
        try:
            self._folder.save(
                self._folder.checkpoint(mine.trial, mine.attempt, number),
                states,
                {**about, "config": mine.config},
            )
        except CheckpointError as error:
            self.problem = str(error)
            return False
        return True

    def go_on(self, assignment: Assignment) -> None:
        """Name what is written from now on after this attempt."""
        self._assignment = assignment


class ShareOfFiles:
    """One draw's part of the checkpoints of a trial that trains on several draws in step.

    Args:
        restored: the states to continue from, and the notes beside them; None for the first epoch.
    """

    problem: str | None = None

    def __init__(self, restored: tuple[States, dict[str, Any]] | None) -> None:
        self._restored = restored
        self.states: States = {}
        self.about: dict[str, Any] = {}

    def read(self) -> tuple[States, dict[str, Any]] | None:
        """This draw's states."""
        return self._restored

    def write(self, number: int, states: States, about: Mapping[str, Any]) -> bool:
        """Hold the states until all draws have reached this epoch. False: nothing is on the disk yet."""
        self.states, self.about = states, dict(about)
        return False

    def go_on(self, assignment: Assignment) -> None:
        """There is nothing to name after it."""
