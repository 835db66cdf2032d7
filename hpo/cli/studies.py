"""Studies out of a storage, for the commands that look at them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from hpo.cli.failures import UsageError, wrong_arguments
from hpo.errors import ObjectiveError, StorageError
from hpo.storage import Storage, open_storage
from hpo.study.excerpt import states_of
from hpo.study.origin import load_study
from hpo.study.study import Study
from hpo.study.trial import Trial


@contextmanager
def wrong_storage() -> Iterator[None]:
    """In the block a storage is opened and read; what is wrong with it is wrong usage."""
    try:
        yield
    except StorageError as error:
        raise UsageError(str(error)) from error


@contextmanager
def storage_to_read(file: str) -> Iterator[Storage]:
    """The storage in a file that has to be there; nothing is written to it.

    Raises:
        UsageError: it is not, or is none.
    """
    with wrong_storage(), wrong_arguments():
        storage = open_storage(file, read_only=True)
    try:
        yield storage
    finally:
        storage.close()


def study_in(storage: Storage, file: str, name: str | None, command: str, before_name: str = "") -> Study:
    """The study of that name, or the only one.

    Args:
        storage: where it is.
        file: the storage, as the user called it.
        name: the study's name; None for the only one.
        command: the subcommand, for an example of how to name a study.
        before_name: what stands there between the file and the name.

    Raises:
        UsageError: there is none of that name, or there are several and none was named.
    """
    with wrong_storage():
        names = storage.studies()
        if name is None and len(names) != 1:
            if not names:
                raise UsageError(f"{file} holds no study yet. `hpo run --storage {file}` puts one in.")
            raise UsageError(
                f"{file} holds {len(names)} studies: {', '.join(map(repr, names))}. Name one: "
                f"hpo {command} {shlex.quote(file)} {before_name}{shlex.quote(names[0])}"
            )
        return load_study(storage, names[0] if name is None else name)


def has_open_trials(study: Study) -> bool:
    """Whether trials run, wait, or were interrupted."""
    history = study.history
    return bool(history.running or history.paused)


def states_text(study: Study) -> str:
    """The same in words: `10 completed, 1 failed`."""
    return ", ".join(f"{count} {state}" for state, count in states_of(study.history).items() if count)


def goal_text(study: Study) -> str:
    """What is optimised: `minimize val_error`."""
    return ", ".join(f"{metric.direction.value} {metric.name}" for metric in study.metrics)


def best_of(study: Study) -> Trial | None:
    """The best trial; None if there is none or not exactly one metric."""
    try:
        return study.best
    except ObjectiveError:
        return None


@dataclass(frozen=True)
class KeptFile:
    """A checkpoint on the disk.

    Attributes:
        trial: whose it is.
        epoch: after which epoch it was written.
        attempt: by which start of the trial.
        is_best: whether that was the trial's best epoch.
        is_last: whether it is the newest one.
        path: the file.
        bytes: its size; None if it is gone meanwhile.
    """

    trial: int
    epoch: int
    attempt: int
    is_best: bool
    is_last: bool
    path: str
    bytes: int | None

    @property
    def which(self) -> str:
        """`best`, `last`, both, or neither."""
        return ", ".join([*(["best"] if self.is_best else []), *(["last"] if self.is_last else [])])


def kept_by(trial: Trial) -> list[KeptFile]:
    """A trial's checkpoints that are there."""
    return [
        KeptFile(
            trial.id,
            kept.epoch,
            kept.attempt,
            # An objective that reports nothing has a last state only, which then is its best.
            kept.epoch == trial.best_epoch or (trial.best_epoch is None and kept == trial.kept[-1]),
            kept == trial.kept[-1],
            kept.path,
            _size(kept.path),
        )
        for kept in trial.kept
    ]


def kept_in(study: Study) -> list[KeptFile]:
    """All checkpoints of a study that are there, by trial; found by their folders, not trial by trial."""
    folder = study.history.folder
    numbers = [] if folder is None else folder.trials()
    return [
        kept for number in numbers if number < len(study.trials) for kept in kept_by(study.trials[number])
    ]


def iso(seconds: float | None) -> str | None:
    """A time since 1970 as ISO 8601 in UTC, to the millisecond; None where it is not known."""
    moment = _moment(seconds)
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def on_the_clock(seconds: float | None) -> str:
    """A time since 1970 as the user's clock shows it; empty where it is not known."""
    moment = _moment(seconds)
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _moment(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):  # NaN, or a clock that was far off
        return None


def _size(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except OSError:
        return None
