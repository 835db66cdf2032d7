"""One worker, as the parent sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from hpo.executors.base import Assignment
from hpo.executors.output import OnOutput
from hpo.executors.processes import supervisor
from hpo.executors.processes.limits import Limits, LimitWatch
from hpo.executors.processes.messages import Broken, Group, Ready, Setup
from hpo.executors.processes.spoken import OutputPipe

KILL_SECONDS = 5.0
# Between the end of a pipe and that of the process that held it.
_MOMENT = 0.5
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
        on_output: receives what it prints; None leaves that to the log.

    Attributes:
        assignments: what it runs, by trial; empty if it is free.
        is_spent: whether a trial ran out of memory there; it is replaced when it is free.
        number: the number of the group that it runs, or ran last; 0 before the first one.
        round: the scope in which the reports of its cohort's epoch are recorded at once; None between two.
        log: the file with its output.
        watch: keeps an eye on it.
        turn: when it was last listened to, in turns of the executor.
        output: the pipe through which its output comes; None where that goes to the log alone.

    Raises:
        OSError: no process can be started, or the log cannot be created.
    """

    output: OutputPipe | None = None

    def __init__(
        self,
        setup: Setup,
        environment: Mapping[str, str],
        log: Path,
        limits: Limits,
        on_output: OnOutput | None = None,
    ) -> None:
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
            # Our copies of its ends are closed at once: else its death would not show here.
            # The log is opened for reading, too, as the supervisor shortens it.
            with theirs, log.open("w+b") as output, self._listened(on_output) as spoken:
                self._process = subprocess.Popen(
                    _command(theirs.fileno(), spoken, os.path.dirname(setup.objective)),
                    # The supervisor sees by its end that this process has ended.
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs.fileno()] if spoken is None else [theirs.fileno(), spoken],
                    # Ctrl-C in a terminal is for this process, which then ends its workers.
                    start_new_session=True,
                    env=environment,
                )
        except BaseException:
            self._connection.close()
            self._listen_no_more()
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
        """Wait for a message or the pipe's end; whether there is either. What it prints is read meanwhile."""
        output, deadline = self.output, time.monotonic() + timeout
        # A worker that has to wait for its output to be read sends nothing.
        while output is not None and not output.has_ended and not self._connection.poll(0):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if output.fileno() in wait([self._connection, output.fileno()], left):
                output.read()
        return self._connection.poll(max(deadline - time.monotonic(), 0))

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
        """Wait until it has ended, and read meanwhile what it prints; whether it has ended."""
        left = max(timeout, 0)
        if self.output is not None:
            # Its supervisor ends after the last of its words were read, and the pipe ends with it.
            left = _MOMENT if self.output.read_to_end(left) else 0
        try:
            self._process.wait(left)
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
        self._listen_no_more()

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

    @contextmanager
    def _listened(self, on_output: OnOutput | None) -> Iterator[int | None]:
        """The end of a pipe through which its output is to come, if that is wanted."""
        if on_output is None:
            yield None
            return
        ours, theirs = os.pipe()
        self.output = OutputPipe(ours, on_output)
        try:
            yield theirs
        finally:
            os.close(theirs)

    def _listen_no_more(self) -> None:
        if self.output is not None:
            self.output.close()

    def _signal_group(self, number: int) -> None:
        # Once the supervisor is gone, the system may give these numbers to other processes.
        if self._group is not None and self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, number)


def _command(descriptor: int, spoken: int | None, folder: str) -> list[str]:
    """The command line of a supervisor. The import path goes along, so that the worker finds what we do."""
    path = [entry for entry in sys.path if isinstance(entry, str)]
    ends = [str(descriptor), "" if spoken is None else str(spoken)]
    return [sys.executable, str(supervisor.__file__), str(os.getpid()), *ends, folder, *path]
