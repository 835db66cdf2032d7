"""One worker, as the parent sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from hpo.executors.base import Assignment
from hpo.executors.processes import supervisor
from hpo.executors.processes.limits import Limits, LimitWatch
from hpo.executors.processes.messages import Broken, Group, Ready, Setup

KILL_SECONDS = 5.0
_MEANINGS = {
    "SIGKILL": "the system may have been out of memory, or someone killed it",
    "SIGSEGV": "compiled code touched memory that is not its own",
    "SIGBUS": "compiled code touched memory that is not there; a full /dev/shm does this, too",
    "SIGABRT": "compiled code gave up; its last words are in the output",
    "SIGFPE": "compiled code divided by zero",
    "SIGILL": "compiled code was made for another processor",
    "SIGTERM": "someone asked it to end",
    "SIGXCPU": "a limit on processor time was reached",
}


class WorkerHandle:
    """A worker process that was started, with the pipe to it.

    Args:
        setup: what the worker needs.
        environment: its environment variables.
        log: the file for its output.
        limits: what it may use.

    Attributes:
        assignments: what it runs, by trial; empty if it is free.
        is_spent: whether a trial ran out of memory there; it is replaced when it is free.
        number: the number of the group that it runs, or ran last; 0 before the first one.
        round: the scope in which the reports of its cohort's epoch are recorded at once; None between two.
        log: the file with its output.
        watch: keeps an eye on it.
        turn: when it was last listened to, in turns of the executor.

    Raises:
        OSError: no process can be started, or the log cannot be created.
    """

    def __init__(self, setup: Setup, environment: Mapping[str, str], log: Path, limits: Limits) -> None:
        self.assignments: dict[int, Assignment] = {}
        self.is_spent = False
        self.number = 0
        self.round: AbstractContextManager[None] | None = None
        self.log = log
        self.watch = LimitWatch(limits)
        self.turn = 0
        self._group: int | None = None
        self._connection, theirs = Pipe()
        try:
            # Our copy of the worker's end is closed at once: else the worker's death would not show here.
            # The log is opened for reading, too, as the supervisor shortens it.
            with theirs, log.open("w+b") as output:
                self._process = subprocess.Popen(
                    _command(theirs.fileno(), os.path.dirname(setup.objective)),
                    # The supervisor sees by its end that this process has ended.
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs.fileno()],
                    # Ctrl-C in a terminal is for this process, which then ends its workers.
                    start_new_session=True,
                    env=environment,
                )
        except BaseException:
            self._connection.close()
            raise
        self.send(setup)

    def fileno(self) -> int:
        """The pipe's file descriptor, for selectors."""
        return self._connection.fileno()

    @property
    def process(self) -> int:
        """The process id of the supervisor, below which the worker and all that it started are."""
        return self._process.pid

    @property
    def is_gone(self) -> bool:
        """Whether it and all that it started have ended. Its messages may not all be read by then."""
        return self._process.poll() is not None

    @property
    def is_running(self) -> bool:
        """Whether it runs a trial: it has one, and its objective is loaded."""
        return bool(self.assignments) and self._group is not None

    def has_message(self, timeout: float) -> bool:
        """Wait for a message or the pipe's end; whether there is either."""
        return self._connection.poll(timeout)

    def send(self, message: object) -> None:
        """Send a message. If the worker is gone, that shows when its messages are read."""
        with suppress(OSError):
            self._connection.send(message)

    def begin(self, assignments: Sequence[Assignment]) -> None:
        """Give it something to run."""
        self.assignments = {one.trial: one for one in assignments}
        self.number += 1
        self.watch.begin()
        self.send(Group(self.number, tuple(assignments)))

    def end_round(self) -> None:
        """Record what its cohort reported."""
        scope, self.round = self.round, None
        if scope is not None:
            scope.__exit__(None, None, None)

    def receive(self) -> Any:
        """Its next message; None if it is gone."""
        try:
            message = self._connection.recv()
        except (EOFError, OSError):
            return None
        self.watch.heard()
        if isinstance(message, Ready):
            self._group = message.process
            # The time of its first trial begins when the framework is imported.
            self.watch.begin()
        return message

    def is_free(self) -> bool:
        """Whether it is alive and runs nothing. This reads the signs of life that wait in the pipe."""
        if self.assignments:
            return False
        while self.has_message(0):
            message = self.receive()
            if message is None or isinstance(message, Broken):
                return False
        return not self.is_gone

    def wait(self, timeout: float) -> bool:
        """Wait until it has ended; whether it has."""
        try:
            self._process.wait(max(timeout, 0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def terminate(self) -> None:
        """Ask it to end, by a signal that an objective may ignore."""
        self._signal_group(signal.SIGTERM)

    def let_go(self) -> None:
        """Let the supervisor kill it and all that it started, without waiting for that."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def kill(self) -> None:
        """Kill it and all that it started."""
        self.let_go()
        if not self.wait(KILL_SECONDS):
            # Something is wrong with the supervisor, too.
            self._signal_group(signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._connection.close()

    def how_it_ended(self) -> str:
        """Why it is gone, in one line, with `{trial}` for the number of its trial. It must be gone."""
        code = self._process.wait()
        if code >= 0:
            return f"The worker of trial {{trial}} ended with exit code {code}, as by os._exit({code})."
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        meaning = f"; {_MEANINGS[name]}" if name in _MEANINGS else ""
        return f"The worker of trial {{trial}} was ended by {name}{meaning}."

    def _signal_group(self, number: int) -> None:
        # Once the supervisor is gone, the system may give these numbers to other processes.
        if self._group is not None and self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, number)


def _command(descriptor: int, folder: str) -> list[str]:
    """The command line of a supervisor. The import path goes along, so that the worker finds what we do."""
    path = [entry for entry in sys.path if isinstance(entry, str)]
    return [sys.executable, str(supervisor.__file__), str(os.getpid()), str(descriptor), folder, *path]
