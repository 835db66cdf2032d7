"""A backend in an interpreter of its own: messages are lines of JSON, and what it prints is kept.

Two frameworks must not share a process, and one that crashes or hangs must not take the caller with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any, TextIO, TypeVar

from hpo.backend.threads import THREAD_VARIABLES

_Process = TypeVar("_Process", bound="BackendProcess")
DEFAULTS = {**dict.fromkeys(THREAD_VARIABLES, "1"), "TF_CPP_MIN_LOG_LEVEL": "2"}
"""Environment variables of the process where the user sets none: one thread, and a quiet TensorFlow."""


class ProcessDiedError(Exception):
    """The process ended before it answered.

    Attributes:
        code: its exit code; the negative number of the signal that ended it.
        how: that in words, `with exit code 3` or `by SIGABRT`.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        self.how = f"with exit code {code}" if code >= 0 else f"by {_signal_name(-code)}"
        super().__init__(f"its process {'ended' if code >= 0 else 'was ended'} {self.how}")


class BackendProcess:
    """A process that takes and answers messages, each a JSON object in a line. As a context it is ended.

    Args:
        command: the interpreter and its arguments.
        variables: environment variables to set for it.

    Raises:
        OSError: the interpreter cannot be run.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        # A file and not a pipe, which would block a process that prints more than a pipe holds.
        self._printed = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed with the process
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._printed,
                env={**DEFAULTS, **os.environ, **(variables or {})},
                text=True,
                encoding="utf-8",
                # Ctrl-C is for the process that started this one, which then ends it.
                start_new_session=True,
            )
        except OSError:
            self._printed.close()
            raise

    def send(self, message: object) -> None:
        """Send a line. If the process is gone, that shows when its answer is awaited."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def receive(self, seconds: float | None = None) -> dict[str, Any]:
        """Wait for the next message.

        Args:
            seconds: how long to wait; after that the process is ended. None waits.

        Raises:
            ProcessDiedError: the process ended before that.
            TimeoutError: the time is over.
        """
        assert self._process.stdout is not None
        start = monotonic()
        # A blocking read has no timeout of its own: the end of the process is what ends it.
        timer = threading.Timer(seconds or 0.0, self._kill)
        if seconds is not None:
            timer.start()
        try:
            # An interpreter may be set up to print as it starts, before its standard output is taken.
            line = next((line for line in self._process.stdout if line.startswith("{")), None)
        finally:
            timer.cancel()
        if line is None:
            code = self._process.wait()
            # The timer may have ended it, or it ended by itself just before.
            if seconds is not None and monotonic() - start >= seconds:
                raise TimeoutError(f"no answer within {seconds:g} s")
            raise ProcessDiedError(code)
        message: dict[str, Any] = json.loads(line)
        return message

    def last_lines(self, count: int) -> tuple[str, ...]:
        """What it printed last."""
        self._printed.seek(0)
        return tuple(line.rstrip() for line in self._printed if line.strip())[-count:]

    def close(self) -> None:
        """End the process."""
        self._kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._printed):
            with suppress(OSError):  # what is still to be written to a process that is gone
                if stream is not None:
                    stream.close()

    def __enter__(self: _Process) -> _Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _kill(self) -> None:
        if self._process.poll() is not None:
            return
        if sys.platform == "win32":
            self._process.kill()
            return
        # Its whole session: a child that outlived it would hold the pipe open.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def take_stdout() -> TextIO:
    """Standard output of this process for messages alone; what is printed goes to standard error."""
    # By the descriptor and not by `sys.stdout`: compiled code prints to descriptor 1.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return output


def write_message(output: TextIO | None, message: Mapping[str, Any]) -> None:
    """Write a line of JSON, with NaN and infinity as Python spells them. None is the standard output."""
    print(json.dumps(message), file=output, flush=True)


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
