"""A worker: it runs trials for a parent in another process, one at a time."""

from __future__ import annotations

import faulthandler
import logging
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, main_thread
from typing import Any

from hpo.backend import registry
from hpo.executors.base import Executor, Interruption, Outcome, Progress
from hpo.executors.cohorts import CohortExecutor
from hpo.executors.cohorts.memory import ShortMemory
from hpo.executors.failures import reason_of, traceback_of
from hpo.executors.processes.channel import Channel
from hpo.executors.processes.messages import (
    Broken,
    Close,
    Closed,
    Ended,
    Exit,
    Formed,
    Group,
    Halt,
    Halted,
    Raised,
    Ready,
    Refusal,
    Round,
    Setup,
)
from hpo.executors.processes.spoken import header, mark
from hpo.executors.serial import SerialExecutor
from hpo.objective.decision import Decision
from hpo.objective.function import NotFiniteError, Objective, ResultError


class GroupHalted(Interruption):
    """The parent ends the running group."""


class ParentsMemory(ShortMemory):
    """Sends what is to be remembered of cohorts to the parent.

    Args:
        channel: the way to the parent.
    """

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def formed(self, trials: Sequence[int], epoch: int) -> None:
        """Tell the parent of a cohort."""
        self._channel.send(Formed(tuple(trials), epoch))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let the parent record all reports of the block at once."""
        self._channel.send(Round(is_open=True))
        try:
            yield
        finally:
            self._channel.send(Round(is_open=False))


class Worker:
    """Runs what the parent sends, see `hpo.executors.processes.messages`.

    `run` is for the main thread of the process. Another thread hands in what the parent sends (`receive`), so
    that it can interrupt an objective between two reports.

    Args:
        channel: the way to the parent.
        interrupt: makes the main thread call `interrupted` soon, whatever it does.
        queue: makes the queues between the two threads.
        say: writes a line into the output, behind all that was printed before.

    Attributes:
        ended: the number of the group that ended last; 0 before the first one.
    """

    def __init__(
        self,
        channel: Channel,
        interrupt: Callable[[], None],
        queue: Callable[[], SimpleQueue[Any]] = SimpleQueue,
        say: Callable[[str], None] = print,
    ) -> None:
        self._channel = channel
        self._interrupt = interrupt
        self._queue = queue
        self._say = say
        self._mark: int | None = None
        self._inbox: SimpleQueue[Any] = queue()
        self._answers: SimpleQueue[Decision | Refusal | None] = queue()
        self._group = 0
        self._halted = False
        self._interruptible = False
        self.ended = 0

    def run(self, setup: Setup) -> None:
        """Load the objective, then run what the parent sends until it sends `Exit`."""
        self._mark = 0 if setup.has_marks else None
        try:
            executor = self._load(setup)
        except BaseException as error:
            # A module that the objective needs may end the program where it is imported, by sys.exit.
            self._channel.send(Broken(reason_of(error), traceback_of(error)))
            return
        self._channel.send(Ready(os.getpid()))
        while not isinstance(message := self._inbox.get(), Exit):
            if isinstance(message, Group):
                self._evaluate(executor, message)
                self.ended = message.number
            elif isinstance(message, Close):
                executor.stop(message.trial)
                self._channel.send(Closed(message.trial))
            else:
                self._channel.send(Halted(message.number))
        executor.close()

    def receive(self, message: object) -> None:
        """Take a message of the parent."""
        if isinstance(message, (Decision, Refusal)):
            self._answers.put(message)
            return
        if isinstance(message, Group):
            # A new queue: the None that woke a halted trial must not answer the next one.
            self._group, self._halted, self._answers = message.number, False, self._queue()
        elif isinstance(message, Exit) or (isinstance(message, Halt) and message.number == self._group):
            self._halted = True
            self._answers.put(None)  # the main thread may be waiting for an answer
            self._interrupt()
        self._inbox.put(message)

    def interrupted(self) -> None:
        """End the group that runs if it was halted and is in the objective's code.

        Raises:
            GroupHalted: it is.
        """
        if self._halted and self._interruptible:
            self._interruptible = False
            raise GroupHalted

    def _load(self, setup: Setup) -> Executor:
        """The executor of the trials. The framework is imported here, so that no trial's time includes it."""
        objective = Objective(pickle.loads(Path(setup.objective).read_bytes()))
        _configure_logging(setup.log_level)
        placement = setup.placement
        if placement.seeds_framework and placement.backend is not None:
            registry.load(placement.backend)
        if not setup.fuses:
            return SerialExecutor(objective, placement, self._ask, setup.folder, max_paused=setup.max_paused)
        # The parent decided how many come together.
        memory, fuse = ParentsMemory(self._channel), sys.maxsize
        return CohortExecutor(objective, placement, self._ask, setup.folder, fuse=fuse, memory=memory)

    def _evaluate(self, executor: Executor, group: Group) -> None:
        left = {one.trial for one in group.assignments}
        for one in group.assignments:
            self._say(header(one.trial, one.attempt))
        answers: list[Ended | Raised] = []
        try:
            with self._open_to_interrupts():
                for one in group.assignments:
                    executor.submit(one)
                while left:
                    self._send(answers)
                    outcomes = executor.poll()
                    if not outcomes:
                        raise RuntimeError(f"No outcome of {sorted(left)} came, and nothing runs.")
                    left -= {outcome.trial for outcome in outcomes}
                    answers = self._answers_of(outcomes)
        except GroupHalted:
            answers = []  # `Halt` or `Exit` is next in the inbox
        except BaseException as error:
            answers = [Raised(type(error).__name__, str(error))]
        # After an error; an executor closes by itself what it was running.
        for trial in left:
            executor.stop(trial)
        # Before the last answers: the log is whole when the parent learns of the end.
        _flush()
        self._send(answers)

    def _answers_of(self, outcomes: Sequence[Outcome]) -> list[Ended | Raised]:
        """The answers for trials that have ended, with a mark behind all that they printed."""
        if self._mark is not None:
            before, self._interruptible = self._interruptible, False
            self._mark += 1
            self._say(mark(self._mark))
            self._interruptible = before
        return [Ended(outcome, self._mark or 0) for outcome in outcomes]

    def _send(self, answers: Sequence[Ended | Raised]) -> None:
        """Send answers, without an interrupt in the middle of one."""
        before, self._interruptible = self._interruptible, False
        for answer in answers:
            self._channel.send(answer)
        self._interruptible = before

    def _ask(self, progress: Progress) -> Decision:
        """Send a report, and wait for what the parent decides."""
        # An interrupt in the middle of a message would leave half of it in the pipe.
        self._interruptible = False
        if not self._halted:
            self._channel.send(progress)
            answer = self._answers.get()
        if self._halted:
            raise GroupHalted
        self._interruptible = True
        if isinstance(answer, Refusal):
            raise (ResultError if answer.is_finite else NotFiniteError)(answer.reason)
        assert answer is not None
        return answer

    @contextmanager
    def _open_to_interrupts(self) -> Iterator[None]:
        self._interruptible = True
        try:
            if self._halted:
                raise GroupHalted
            yield
        finally:
            self._interruptible = False


def main(descriptor: int) -> None:
    """Run a worker in this process, until its parent ends it.

    Args:
        descriptor: file descriptor of the pipe to the parent.
    """
    os.set_inheritable(descriptor, False)  # for what the objective starts
    if hasattr(sys.stdout, "reconfigure"):
        # What was printed is in the log even if the worker is killed.
        sys.stdout.reconfigure(line_buffering=True)
    faulthandler.enable(all_threads=False)
    # One line for each warning, so that the parent knows it again when another worker gives it.
    warnings.formatwarning = _warning_in_a_line
    channel = Channel(Connection(descriptor))
    setup: Setup = channel.receive()
    sys.argv[:] = setup.arguments
    worker = Worker(channel, _interrupt_main_thread, say=_sayer())
    channel.beat(setup.beat, lambda: worker.ended)
    signal.signal(signal.SIGINT, lambda number, frame: worker.interrupted())
    Thread(target=_listen, args=(channel, worker), daemon=True).start()
    worker.run(setup)


def _listen(channel: Channel, worker: Worker) -> None:
    while True:
        worker.receive(channel.receive())


def _interrupt_main_thread() -> None:
    identity = main_thread().ident
    assert identity is not None
    # A signal, as nothing else ends a sleep or a read in which the objective may be.
    signal.pthread_kill(identity, signal.SIGINT)


def _sayer() -> Callable[[str], None]:
    """Writes lines into the output as it is now, whatever an objective makes of its streams."""
    descriptor = os.dup(1)

    def say(line: str) -> None:
        _flush()
        with suppress(OSError):
            os.write(descriptor, f"{line}\n".encode())

    return say


def _warning_in_a_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    return f"{filename}:{lineno}: {category.__name__}: {' '.join(str(message).split())}\n"


def _configure_logging(level: int | None) -> None:
    """Let records of the parent's level go to standard error, unless a module of the objective's did more."""
    if level is not None:
        logging.basicConfig(level=level)  # it does nothing where a handler is there


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the objective closed it
            stream.flush()
