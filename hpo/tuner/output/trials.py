"""What trials print, wherever they run: what of it is shown, and what is kept."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal, TypeAlias, get_args

from hpo.checkpoints import CheckpointFolder
from hpo.executors import Ending, Outcome
from hpo.executors.output import Speakers, called
from hpo.study.trial import TrialState
from hpo.tuner.output.files import OutputFiles
from hpo.tuner.output.streams import LiveScreen, heard_streams, write_at_once

Output: TypeAlias = Literal["show", "log"]
"""What becomes of what trials print: it is shown, or kept in files beside the study."""

_WARNING = re.compile(r".+:\d+: \w*Warning: .*\n")


def checked_output(output: Any, *, has_folder: bool) -> Output:
    """What `output=` was given.

    Raises:
        ValueError: it is nothing that it takes, or there is no storage beside which files could be kept.
    """
    if output not in get_args(Output):
        raise ValueError(
            f"output= is 'show', which shows what trials print, or 'log', which keeps it in files beside the "
            f"study; received {output!r}."
        )
    if output == "log" and not has_folder:
        raise ValueError("What trials print is kept beside a storage: give storage= with output='log'.")
    chosen: Output = output
    return chosen


class TrialOutput:
    """What the trials of one run of a search print.

    In this process it passes as it is; from workers each line has its trial before it, and a warning that
    several of them give is shown once. Beside a storage it is kept for trials that fail, or all of it.

    Args:
        output: what becomes of it.
        folder: the study's; None keeps nothing.
        screen: what draws in the terminal; None if nothing does.
    """

    def __init__(
        self, output: Output, folder: CheckpointFolder | None, screen: LiveScreen | None = None
    ) -> None:
        self._shows = output == "show"
        self._files = None if folder is None else OutputFiles(folder, stays=output == "log")
        self._screen = screen
        self._warnings: dict[str, list[int]] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear in the block what trials print. At its end warnings that came again are counted."""
        take = self.take  # one object, by which it is known again
        has_ears = self._files is not None or self._screen is not None
        with heard_streams(take, self._screen) if has_ears else nullcontext():
            if not self._shows and self._files is not None:
                self._say_where(self._files)
            try:
                yield
            finally:
                self._close()

    def take(self, speakers: Speakers, text: str) -> bool:
        """Take what was printed in this process; whether it is to be seen, too."""
        if self._files is not None:
            self._files.write(speakers, text)
        return self._shows

    def hear(self, speakers: Speakers, text: str) -> None:
        """Take a line that was printed elsewhere."""
        if self._files is not None and speakers:
            self._files.write(speakers, text)
        if self._shows and not self._is_known(speakers, text):
            _print(f"{called(one.trial for one in speakers)}: {text}" if speakers else text)

    def told(self, outcome: Outcome) -> Outcome:
        """The outcome; of a trial that failed with where to find what it printed."""
        if self._files is None or outcome.ending not in (Ending.FAILED, Ending.LOST):
            return outcome
        path = self._files.path(outcome.trial, outcome.attempt)
        if path is None:
            return outcome
        before = "" if outcome.traceback is None else outcome.traceback.rstrip("\n") + "\n"
        return dataclasses.replace(outcome, traceback=f"{before}(What it printed is in {path}.)\n")

    def settle(self, trial: int, state: TrialState) -> None:
        """A trial runs no more for now."""
        if self._files is not None:
            self._files.settle(trial, state)

    def _say_where(self, files: OutputFiles) -> None:
        if self._screen is not None:
            self._screen.print_above(f"What trials print is kept in {files.places}.")

    def _close(self) -> None:
        """Say how often each warning came that was shown once."""
        if self._files is not None:
            self._files.close()
        for text, trials in self._warnings.items():
            if trials:
                times = "once" if len(trials) == 1 else f"{len(trials)} times"
                _print(f"{called(set(trials))}: the same warning {times} more: {text}")
        self._warnings.clear()

    def _is_known(self, speakers: Speakers, text: str) -> bool:
        """Whether it is a warning that was shown before."""
        if _WARNING.fullmatch(text) is None:
            return False
        if text in self._warnings:
            self._warnings[text] += [one.trial for one in speakers[:1]]
            return True
        self._warnings[text] = []
        return False


def _print(text: str) -> None:
    if sys.stdout is not None:
        write_at_once(sys.stdout, text)
