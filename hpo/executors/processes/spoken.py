"""What a worker prints, on its way to the parent. Marks in it say whose it is, and how far it was read."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import wait

from hpo.executors.output import OnOutput, Speaker, Speakers, overwritten

_CHUNK = 2**16
# A line that never ends is passed on in pieces.
_LONGEST_LINE = 2**16
_MARK = re.compile(r"--- (?:trial (\d+), attempt (\d+)|mark (\d+)) ---")


def header(trial: int, attempt: int) -> str:
    """The line in a worker's output at which a trial begins or goes on."""
    return f"--- trial {trial}, attempt {attempt} ---"


def mark(number: int) -> str:
    """A line in a worker's output by which the parent sees that it has read all that came before."""
    return f"--- mark {number} ---"


def is_mark(line: str) -> bool:
    """Whether a line is one of those marks."""
    found = _MARK.fullmatch(line)
    return found is not None and found[3] is not None


class SpokenText:
    """Parts the output of a worker into the lines of its trials.

    Headers that follow each other are those of trials that share a computation.

    Attributes:
        marks: the number of the last mark.
    """

    def __init__(self) -> None:
        self.marks = 0
        self._speakers: Speakers = ()
        self._is_new = False
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[Speakers, str]]:
        """The lines that are complete with these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._line(line)
        if len(self._rest) > _LONGEST_LINE:
            yield from self.end()

    def end(self) -> Iterator[tuple[Speakers, str]]:
        """The last line, if it has no end."""
        rest, self._rest = self._rest, b""
        if rest:
            yield from self._line(rest)

    def _line(self, line: bytes) -> Iterator[tuple[Speakers, str]]:
        text = line.decode(errors="replace").rstrip("\r")
        # What was printed last may have no line's end, so that the mark is not alone in its line.
        found = _MARK.search(text) if text.endswith("---") else None
        if found is not None and found.end() == len(text):
            if found.start():
                yield self._speakers, overwritten(text[: found.start()]) + "\n"
            self._take(found)
        elif self._speakers:
            # Before its first trial a worker says what frameworks say where they are imported.
            self._is_new = False
            yield self._speakers, overwritten(text) + "\n"

    def _take(self, found: re.Match[str]) -> None:
        trial, attempt, number = found.groups()
        if number is not None:
            self.marks = int(number)
            self._is_new = False
            return
        speaker = Speaker(int(trial), int(attempt))
        self._speakers = (*self._speakers, speaker) if self._is_new else (speaker,)
        self._is_new = True


class OutputPipe:
    """The parent's end of the pipe through which a worker's output comes.

    Args:
        descriptor: the end to read from.
        on_output: receives what it says.
    """

    def __init__(self, descriptor: int, on_output: OnOutput) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._on_output = on_output
        self._text = SpokenText()
        self._has_ended = self._is_unmarked = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self._has_ended

    def fileno(self) -> int:
        """The file descriptor, for selectors."""
        return self._descriptor

    def read(self, timeout: float = 0.0) -> None:
        """Pass on what is there; wait for it if there is nothing yet."""
        if self._has_ended or (timeout and not wait([self._descriptor], timeout)):
            return
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        # Until it is closed, its number stays that of this pipe for the selectors that know it.
        self._has_ended = not data
        for speakers, line in self._text.feed(data) if data else self._text.end():
            self._on_output(speakers, line)

    def read_to_mark(self, number: int, seconds: float) -> None:
        """Read until a mark has come, unless none came in time before: its worker's output goes elsewhere."""
        deadline = time.monotonic() + seconds
        while self._text.marks < number and not (self._has_ended or self._is_unmarked):
            left = deadline - time.monotonic()
            self._is_unmarked = left <= 0
            self.read(max(left, 0))

    def read_to_end(self, seconds: float) -> bool:
        """Read until the output ends, which it does with the worker; whether it did in time."""
        deadline = time.monotonic() + seconds
        while not self._has_ended and (left := deadline - time.monotonic()) > 0:
            self.read(left)
        return self._has_ended

    def close(self) -> None:
        """Read no more, once no selector knows this pipe."""
        self._has_ended = True
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)
