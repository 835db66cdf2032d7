"""The folder of a study's checkpoints, and of what its trials printed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpo.backend import Tree
from hpo.checkpoints import files
from hpo.errors import CheckpointError

_FOLDER = re.compile(r"trial-(\d{6,})")
_NAME = re.compile(r"(\d{6,})-(\d+)\.npz")
_OUTPUT = re.compile(r"output-(\d+)\.txt")
_UNFINISHED = re.compile(rf"{_NAME.pattern}-[0-9a-f]{{8}}{re.escape(files.TEMPORARY)}")


@dataclass(frozen=True)
class Checkpoint:
    """What a trial had learned after an epoch.

    Attributes:
        trial: the trial's id.
        attempt: which start of the trial wrote it, from 0.
        epoch: the epoch, from 1.
        path: the file.

    Example:
        >>> import tempfile
        >>> import hpo
        >>> import numpy as np
        >>> def train(config, trial):
        ...     weights = np.zeros(2)
        ...     trial.checkpoint(model=weights)
        ...     for epoch in trial.epochs(2):
        ...         weights += config["rate"]
        ...         yield 1 / epoch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = hpo.search(
        ...         train, {"rate": hpo.Constant(0.5)}, num_trials=1, seed=0, storage=f"{folder}/study.db"
        ...     )
        ...     checkpoint = study.best.checkpoint()
        ...     states, _ = checkpoint.load()
        >>> checkpoint.epoch, states["model"].tolist()
        (2, [1.0, 1.0])
    """

    trial: int
    attempt: int
    epoch: int
    path: str

    def load(self) -> tuple[dict[str, Tree], dict[str, Any]]:
        """The states and the notes that it holds.

        Raises:
            CheckpointError: it is not there, was cut or altered, or is no checkpoint of this library.
        """
        return files.read(Path(self.path))


class CheckpointFolder:
    """The files of one study's checkpoints.

    A file's name follows from its trial, attempt and epoch, so the log need not hold it. Nothing is created
    before the first checkpoint is saved.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def checkpoint(self, trial: int, attempt: int, epoch: int) -> Checkpoint:
        """The checkpoint of that name, whether its file is there or not."""
        # By attempt, too: one that was taken for dead must not write over its successor's file.
        name = f"{epoch:06d}-{attempt}.npz"
        return Checkpoint(trial, attempt, epoch, str(self._folder_of(trial) / name))

    def save(self, checkpoint: Checkpoint, states: Mapping[str, Tree], about: Mapping[str, Any]) -> None:
        """Write a checkpoint: it is complete on the disk when this returns, or not there at all.

        Args:
            checkpoint: which one, of this folder.
            states: what each attached object has to keep.
            about: notes for the reader, of JSON.

        Raises:
            CheckpointError: the disk is full, the folder cannot be written, or a state cannot be kept.
        """
        files.write(Path(checkpoint.path), states, about)

    def copy(self, checkpoint: Checkpoint, trial: int) -> Checkpoint:
        """Copy a checkpoint for another trial, which starts from it.

        Raises:
            CheckpointError: it cannot be read, or the copy cannot be written.
        """
        # Read and written, not copied as bytes: a damaged file is noticed here, and the copy is flushed.
        states, about = checkpoint.load()
        copied = self.checkpoint(trial, 0, checkpoint.epoch)
        self.save(copied, states, about)
        return copied

    def exists(self, checkpoint: Checkpoint) -> bool:
        """Whether its file is there, as far as can be seen."""
        # Not by `Path.is_file`, which raises where a folder above it must not be read.
        return os.path.isfile(checkpoint.path)

    def trials(self) -> list[int]:
        """The ids of the trials that have a folder here, in order."""
        return sorted(int(match[1]) for match in map(_FOLDER.fullmatch, _names(self.path)) if match)

    def found(self) -> dict[int, list[Path]]:
        """The library's own files by trial, those that are not complete included; of an empty folder none.

        Folders that are links are passed over: they were put there by hand.
        """
        return {
            trial: self._found(trial) for trial in self.trials() if not self._folder_of(trial).is_symlink()
        }

    def written(self, trial: int) -> list[Checkpoint]:
        """A trial's checkpoints that are there, by epoch and then by attempt."""
        matches = filter(None, map(_NAME.fullmatch, _names(self._folder_of(trial))))
        found = [self.checkpoint(trial, attempt=int(match[2]), epoch=int(match[1])) for match in matches]
        return sorted(found, key=lambda one: (one.epoch, one.attempt))

    def delete(self, checkpoint: Checkpoint) -> None:
        """Remove a checkpoint, if it is there.

        Raises:
            CheckpointError: its file cannot be removed.
        """
        _remove(Path(checkpoint.path))

    def delete_trial(self, trial: int, keep: Iterable[Checkpoint] = ()) -> None:
        """Remove a trial's checkpoints, and the unfinished files of a writer that was killed.

        What cannot be removed stays: it costs room on the disk and nothing else.

        Args:
            trial: the trial's id; nothing of it may be written meanwhile.
            keep: those to leave.
        """
        kept = {Path(one.path) for one in keep}
        for path in self._found(trial):
            if path not in kept:
                with suppress(OSError):
                    path.unlink()
        self.drop_if_empty(trial)

    def output(self, trial: int, attempt: int, *, stays: bool) -> Path:
        """The file for what a start of a trial prints.

        Args:
            trial: its id.
            attempt: which start of it.
            stays: whether the file stays whatever becomes of the trial; else it goes if the trial ends well.
        """
        # By attempt, as a checkpoint. The name says which it is, since a sweep knows the files alone.
        return self._folder_of(trial) / f"{'log' if stays else 'output'}-{attempt}.txt"

    def found_output(self) -> dict[int, list[Path]]:
        """What trials printed, by trial, as far as it goes if they end well."""
        found = {trial: self._found_output(trial) for trial in self.trials()}
        return {trial: paths for trial, paths in found.items() if paths}

    def delete_output(self, trial: int) -> None:
        """Remove what a trial printed, as far as it goes if the trial ends well."""
        for path in self._found_output(trial):
            with suppress(OSError):
                path.unlink()
        self.drop_if_empty(trial)

    def drop_if_empty(self, trial: int) -> None:
        """Remove the folder of a trial, unless something is in it."""
        with suppress(OSError):
            self._folder_of(trial).rmdir()

    def _found(self, trial: int) -> list[Path]:
        folder = self._folder_of(trial)
        return [
            folder / name for name in _names(folder) if _NAME.fullmatch(name) or _UNFINISHED.fullmatch(name)
        ]

    def _found_output(self, trial: int) -> list[Path]:
        folder = self._folder_of(trial)
        # Folders that are links were put there by hand.
        names = [] if folder.is_symlink() else _names(folder)
        return [folder / name for name in names if _OUTPUT.fullmatch(name)]

    def _folder_of(self, trial: int) -> Path:
        return self.path / f"trial-{trial:06d}"


def _names(folder: Path) -> list[str]:
    # A folder that is not there, is a file or must not be read holds nothing that can be worked with.
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {path} cannot be removed: {error.strerror or error}. Let its folder be written."
        ) from error
