"""The process between the parent and a worker: it keeps the worker's output and leaves no process behind.

The parent runs this file as a script, and the worker is its fork. It must not import the library, so
that it stays small. It has four duties, which a worker in trouble (dead, stopped, or deep in compiled
code with the interpreter's lock held) could not do for itself:

- It writes the output of the worker to a file of bounded size, so that a flood does not fill the disk.
- It passes that output on to the parent, if this asked for it, and holds back a worker that prints faster
  than the parent reads.
- When the worker ends, or the parent does (standard input ends then, as only the parent holds its other
  end), it kills every process that is left. On Linux it is a "subreaper": it inherits whatever was
  started below it, in sessions of its own too, so nothing escapes. Elsewhere what left the worker's
  process group and lost its parent does escape.
- It ends as the worker did: with the same exit code, or by the same signal.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import sys
import time
from contextlib import suppress
from io import FileIO

LOG_LIMIT = 10 * 2**20
PENDING_LIMIT = 2**20
"""Bytes that wait for the parent to be read before the worker has to wait, too."""

_LAST_WORDS_SECONDS = 5.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class BoundedLog:
    """A file of bounded size, whose first half keeps the beginning and whose second half the end.

    Args:
        file: an empty file, open for reading and writing, unbuffered.
        limit: its largest size in bytes, a line that says what was left out apart.
    """

    def __init__(self, file: FileIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._size = self._total = 0

    def write(self, data: bytes) -> None:
        """Append data; a disk that is full costs the log and not the worker."""
        self._total += len(data)
        with suppress(OSError):
            self._file.seek(0, os.SEEK_END)
            self._size += self._file.write(data)
            if self._size > self._limit:
                self._shorten()

    def _shorten(self) -> None:
        # The tail is only a quarter, so that there is room for a while until it is shortened again.
        head, tail = self._limit // 2, self._limit // 4
        self._file.seek(-tail, os.SEEK_END)
        last = self._file.read(tail)
        self._file.seek(head)
        self._file.write(f"\n... {self._total - head - tail} bytes left out ...\n".encode())
        self._file.write(last)
        self._file.truncate()
        self._size = head + tail


class Passage:
    """Passes bytes on through a pipe that may be full, or may be closed at its other end.

    Args:
        descriptor: the pipe's end for writing; None passes nothing on.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._pending = bytearray()
        self.descriptor = descriptor
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    @property
    def waits(self) -> bool:
        """Whether something waits for room in the pipe."""
        return bool(self._pending)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that no more is to be read for it."""
        return len(self._pending) >= PENDING_LIMIT

    def write(self, data: bytes) -> None:
        """Pass data on, at once as far as there is room."""
        if self.descriptor is not None:
            self._pending += data
            self.go_on()

    def go_on(self) -> None:
        """Write what waits, as far as there is room."""
        while self._pending and self.descriptor is not None:
            try:
                written = os.write(self.descriptor, self._pending[: 2**16])
            except BlockingIOError:
                return
            except OSError:  # the other end is closed
                self.descriptor = None
                self._pending.clear()
                return
            del self._pending[:written]

    def finish(self, seconds: float) -> None:
        """Write what waits, as far as it is read in time."""
        deadline = time.monotonic() + seconds
        while self._pending and self.descriptor is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            select.select([], [self.descriptor], [], left)
            self.go_on()


def main(parent: int, control: int, spoken: int | None, folder: str) -> None:
    """Start a worker, watch over it, and end as it did.

    Args:
        parent: process id of the parent.
        control: file descriptor of the worker's end of the pipe to the parent.
        spoken: file descriptor of the pipe through which the parent reads the output; None if it does not.
        folder: a temporary folder of the parent, which goes if the parent could not remove it.
    """
    _adopt_orphans()
    # The parent's end comes as the end of standard input. This signal is for a parent whose other
    # children hold that pipe open.
    _ask_for_signal_at_end_of_parent(signal.SIGTERM)
    supervisor = os.getpid()
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(reading)
        if spoken is not None:
            os.close(spoken)
        _become_worker(supervisor, control, writing)
        return
    os.close(writing)
    os.close(control)
    log = BoundedLog(FileIO(1, "r+", closefd=False), LOG_LIMIT)
    passage = Passage(spoken)
    status = watch(worker, parent, reading, log, passage)
    end_all(worker)
    _drain(reading, log, passage)
    if os.getppid() != parent:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
    _end_as(status)


def watch(worker: int, parent: int, output: int, log: BoundedLog, passage: Passage) -> int:
    """Write the worker's output where it belongs until it or the parent ends; the worker's wait status."""
    # The self-pipe trick: a signal that comes just before `select` still wakes it.
    wake, waker = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Python writes to that pipe only for signals that have a handler.
        signal.signal(number, lambda *_: None)
    selector = selectors.DefaultSelector()
    for descriptor in (0, wake):
        selector.register(descriptor, selectors.EVENT_READ)
    # Kept here: the passage forgets it where its other end is closed.
    spoken, is_open = passage.descriptor, True
    status = _reap(worker)
    while status is None and os.getppid() == parent:
        _listen(selector, output, selectors.EVENT_READ, wanted=is_open and not passage.is_full)
        if spoken is not None:
            _listen(selector, spoken, selectors.EVENT_WRITE, wanted=passage.waits)
        for key, _ in selector.select():
            if key.fd == spoken:
                passage.go_on()
                continue
            data = os.read(key.fd, 2**16)
            # The parent never writes there: it has ended, or closed the pipe to have the worker killed.
            if key.fd == 0:
                return signal.SIGKILL
            if key.fd == output:
                is_open = bool(data)
                log.write(data)
                passage.write(data)
        status = _reap(worker)
    return signal.SIGKILL if status is None else status


def _listen(selector: selectors.BaseSelector, descriptor: int, events: int, *, wanted: bool) -> None:
    """Let a selector look at a file descriptor, or look away."""
    if wanted == (descriptor in selector.get_map()):
        return
    if wanted:
        selector.register(descriptor, events)
    else:
        selector.unregister(descriptor)


def end_all(worker: int) -> None:
    """Kill the worker and all that it started, and wait until they are gone."""
    import psutil  # not needed before, and larger than all the rest

    with suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    # Until there is none: what is about to be killed may still start another process.
    while True:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                process.kill()
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _become_worker(supervisor: int, control: int, output: int) -> None:
    # A session, and so a process group, that has its own number: it can be killed as a whole.
    os.setsid()
    _ask_for_signal_at_end_of_parent(signal.SIGKILL)
    # The supervisor may have ended before the signal was asked for, which then never comes.
    if os.getppid() != supervisor:
        return
    # Standard input is the parent's pipe to the supervisor. An objective that reads must not wait for it.
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate((nothing, output, output)):
        os.dup2(source, number)
    os.close(nothing)
    os.close(output)
    from hpo.executors.processes.worker import main as run_worker

    run_worker(control)


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        _process_control(_PR_SET_CHILD_SUBREAPER, 1)


def _ask_for_signal_at_end_of_parent(number: int) -> None:
    if sys.platform == "linux":
        _process_control(_PR_SET_PDEATHSIG, number)


def _process_control(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _reap(worker: int) -> int | None:
    """Bury whatever has ended; the worker's wait status if it is among them."""
    status = None
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            if found[0] == worker:
                status = found[1]
    return status


def _drain(output: int, log: BoundedLog, passage: Passage) -> None:
    os.set_blocking(output, False)
    with suppress(BlockingIOError):
        while data := os.read(output, 2**16):
            log.write(data)
            passage.write(data)
    passage.finish(_LAST_WORDS_SECONDS)


def _end_as(status: int) -> None:
    if os.WIFSIGNALED(status):
        import resource

        # One core file, the worker's, is enough.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    given = sys.argv[1:]
    # Python puts the folder of a script first: the modules in it would hide others.
    sys.path[:] = given[4:]
    main(int(given[0]), int(given[1]), int(given[2]) if given[2] else None, given[3])
