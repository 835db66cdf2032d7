"""The files that nothing needs any more, because what was to remove them was killed before it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hpo.study.history import History
from hpo.study.keep import Keep
from hpo.study.retention import Retention
from hpo.study.trial import TrialState

_ENDED_WELL = (TrialState.COMPLETED, TrialState.STOPPED)


class Swept(NamedTuple):
    """What a sweep removed.

    Attributes:
        files: how many files.
        bytes: how many bytes they had.
        refused: why one that nothing needs could not be removed; None if all could.
    """

    files: int = 0
    bytes: int = 0
    refused: str | None = None


def sweep(history: History, keep: Keep, read_on: Callable[[], None]) -> Swept:
    """Remove the checkpoints that a study does not need any more, what trials printed, and empty folders.

    Of a trial that ended, all goes that is not kept; of one that waits, all but what it goes on from; of one
    that ended well, what it printed, unless all of that was to be kept. A trial
    that runs is the affair of the tuner that runs it, and so is one that is not in the log yet: a checkpoint
    to start from is copied before its start is recorded. Only files that have this library's names go.

    Args:
        history: the study's history.
        keep: whose models stay.
        read_on: adds to the history what was written to the log meanwhile.
    """
    if history.folder is None:
        return Swept()
    # The files first: what they are judged by is at least as new as they are.
    found, printed = history.folder.found(), history.folder.found_output()
    read_on()
    retention = Retention(history, keep)
    swept: list[Swept] = []
    for trial, paths in found.items():
        if trial < history.num_trials and trial not in history.running:
            stay = {Path(point.path) for point in retention.stay(trial)}
            swept += [_remove(path) for path in paths if path not in stay]
            history.folder.drop_if_empty(trial)
    for trial, paths in printed.items():
        if trial < history.num_trials and history.state(trial) in _ENDED_WELL:
            swept += map(_remove, paths)
            history.folder.drop_if_empty(trial)
    refused = next((each.refused for each in swept if each.refused is not None), None)
    return Swept(sum(each.files for each in swept), sum(each.bytes for each in swept), refused)


def _remove(path: Path) -> Swept:
    try:
        size = path.lstat().st_size
        path.unlink()
    except FileNotFoundError:  # the tuner whose trial it was did so meanwhile
        return Swept()
    except OSError as error:
        return Swept(refused=f"{path}: {error.strerror or error}")
    return Swept(files=1, bytes=size)
