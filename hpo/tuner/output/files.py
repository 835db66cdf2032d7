"""What trials print, in files beside their checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from hpo.checkpoints import CheckpointFolder
from hpo.executors.output import Speaker, Speakers, called
from hpo.study.trial import TrialState

if TYPE_CHECKING:
    from hpo.executors.processes.supervisor import BoundedLog

LIMIT = 2**20
"""Bytes of a file, which then keeps its beginning and its end and says how much is left out between them."""


class OutputFiles:
    """Writes what each start of a trial prints as it comes, and keeps it where it may be asked for.

    Trials that share a computation have one file, that of the first of them. A disk that is full, or a
    folder that cannot be written, costs the files and nothing else.

    Args:
        folder: the study's.
        stays: whether the files stay whatever becomes of their trials; else those of failed ones do.
    """

    def __init__(self, folder: CheckpointFolder, *, stays: bool) -> None:
        self._folder = folder
        self._stays = stays
        self._open: dict[Speaker, BoundedLog] = {}
        self._files: dict[Speaker, FileIO] = {}
        self._heading: dict[Speaker, Speakers] = {}
        # Whose file holds what a trial printed together with others; which of these files are still needed.
        self._shared: dict[Speaker, Speaker] = {}
        self._needed: set[int] = set()
        self._over: set[int] = set()

    @property
    def places(self) -> str:
        """Where the files are, as a pattern."""
        return str(self._folder.path / "trial-*" / f"{'log' if self._stays else 'output'}-*.txt")

    def write(self, speakers: Speakers, text: str) -> None:
        """Take what these trials printed."""
        first = speakers[0]
        log = self._log(first)
        if log is None:
            return
        if len(speakers) > 1 and self._heading.get(first) != speakers:
            log.write(f"--- {called(one.trial for one in speakers)} together ---\n".encode())
            self._shared |= dict.fromkeys(speakers[1:], first)
        self._heading[first] = speakers
        log.write(text.encode(errors="replace"))

    def path(self, trial: int, attempt: int) -> Path | None:
        """The file with what a start of a trial printed; None if it printed nothing."""
        speaker = Speaker(trial, attempt)
        owner = speaker if speaker in self._heading else self._shared.get(speaker)
        return None if owner is None else self._path(owner)

    def settle(self, trial: int, state: TrialState) -> None:
        """A trial runs no more for now: keep or remove its files, by what became of it."""
        mine = [one for one in self._files if one.trial == trial]
        for one in mine:
            self._close(one)
        owners = {self._shared.pop(one).trial for one in list(self._shared) if one.trial == trial}
        if state is TrialState.FAILED:
            self._needed |= owners
        if state in (TrialState.COMPLETED, TrialState.STOPPED) and not self._stays:
            self._over.add(trial)
        self._remove(self._over - {one.trial for one in self._shared.values()})

    def close(self) -> None:
        """Write no more. Trials that still run keep their files."""
        for one in list(self._files):
            self._close(one)
        self._remove(self._over)

    def _remove(self, trials: Iterable[int]) -> None:
        for trial in list(trials):
            self._over.discard(trial)
            if trial not in self._needed:
                self._folder.delete_output(trial)

    def _log(self, speaker: Speaker) -> BoundedLog | None:
        if speaker in self._open:
            return self._open[speaker]
        from hpo.executors.processes.supervisor import BoundedLog  # for trials that print

        path = self._path(speaker)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[speaker] = FileIO(path, "w+")
            self._open[speaker] = BoundedLog(self._files[speaker], LIMIT)
        return self._open.get(speaker)

    def _close(self, speaker: Speaker) -> None:
        del self._open[speaker]
        with suppress(OSError):
            self._files.pop(speaker).close()

    def _path(self, speaker: Speaker) -> Path:
        return self._folder.output(speaker.trial, speaker.attempt, stays=self._stays)
