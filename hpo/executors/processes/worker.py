"""A worker: it runs trials for a parent in another process, one at a time."""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, main_thread
from types import FrameType
from typing import Any

from hpo.backend import registry
from hpo.executors.base import Executor, Progress
from hpo.executors.cohorts import CohortExecutor
from hpo.executors.cohorts.memory import ShortMemory
from hpo.executors.failures import reason_of, traceback_of
from hpo.executors.processes.channel import Channel
from hpo.executors.processes.messages import (
    Broken,
    Ended,
    Exit,
    Formed,
    Group,
    Raised,
    Ready,
    Refusal,
    Round,
    Setup,
    Stop,
    Stopped,
)
from hpo.executors.processes.output import header
from hpo.executors.serial import SerialExecutor
from hpo.objective.decision import Decision
from hpo.objective.function import Objective, ResultError


class Halted(BaseException):
    """The parent ends the running trial from outside. No objective should swallow it."""


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
    """Runs what the parent sends, in the process's main thread.

    Stopping one of several trials that train together stops all of them. Another thread listens to the
    parent, so that it can interrupt an objective between two reports.

    Args:
        channel: the way to the parent.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._inbox: SimpleQueue[Group | Stop | Exit] = SimpleQueue()
        self._answers: SimpleQueue[Decision | Refusal | None] = SimpleQueue()
        self._trials: list[int] = []
        self._halted = False
        self._interruptible = False

    def run(self, setup: Setup) -> None:
        """Load the objective, then run what the parent sends until it sends `Exit`."""
        signal.signal(signal.SIGINT, self._interrupt)
        Thread(target=self._listen, daemon=True).start()
        try:
            executor = self._load(setup)
        except Exception as error:
            self._channel.send(Broken(reason_of(error), traceback_of(error)))
            return
        self._channel.send(Ready(os.getpid()))
        while not isinstance(message := self._inbox.get(), Exit):
            if isinstance(message, Stop):
                executor.stop(message.trial)
                self._channel.send(Stopped(message.trial))
            else:
                self._evaluate(executor, message)
        executor.close()

    def _load(self, setup: Setup) -> Executor:
        """The executor of the trials. The framework is imported here, so that no trial's time includes it."""
        objective = Objective(pickle.loads(Path(setup.objective).read_bytes()))
        placement = setup.placement
        if placement.seeds_framework and placement.backend is not None:
            registry.load(placement.backend)
        if not setup.fuses:
            return SerialExecutor(objective, placement, self._ask, setup.folder, max_paused=setup.max_paused)
        # The parent decided how many come together.
        memory, fuse = ParentsMemory(self._channel), sys.maxsize
        return CohortExecutor(objective, placement, self._ask, setup.folder, fuse=fuse, memory=memory)

    def _evaluate(self, executor: Executor, group: Group) -> None:
        for one in group.assignments:
            print(header(one.trial, one.attempt), flush=True)
        answers: list[Ended | Raised] = []
        try:
            with self._open_to_interrupts():
                for one in group.assignments:
                    executor.submit(one)
                left = len(group.assignments)
                while left:
                    self._send(answers)
                    answers = [Ended(outcome) for outcome in executor.poll()]
                    left -= len(answers)
        except Halted:
            answers = []  # `Stop` or `Exit` is next in the inbox
            self._stop_all(executor, group)
        except BaseException as error:
            answers = [_raised(error)]
            self._stop_all(executor, group)
        self._trials = []
        # Before the last answers: the log is whole when the parent learns of the end.
        _flush()
        self._send(answers)

    def _send(self, answers: Sequence[Ended | Raised]) -> None:
        """Send answers, without an interrupt in the middle of one."""
        before, self._interruptible = self._interruptible, False
        for answer in answers:
            self._channel.send(answer)
        self._interruptible = before

    @staticmethod
    def _stop_all(executor: Executor, group: Group) -> None:
        """Close the trials of a group that wait after the one that ended it."""
        # An executor closes by itself what it was running.
        if len(group.assignments) > 1:
            for one in group.assignments:
                executor.stop(one.trial)

    def _ask(self, progress: Progress) -> Decision:
        """Send a report, and wait for what the parent decides."""
        # An interrupt in the middle of a message would leave half of it in the pipe.
        self._interruptible = False
        if not self._halted:
            self._channel.send(progress)
            answer = self._answers.get()
        if self._halted:
            raise Halted
        self._interruptible = True
        if isinstance(answer, Refusal):
            raise ResultError(answer.reason)
        assert answer is not None
        return answer

    @contextmanager
    def _open_to_interrupts(self) -> Iterator[None]:
        self._interruptible = True
        try:
            if self._halted:
                raise Halted
            yield
        finally:
            self._interruptible = False

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGINT, which Python runs in the main thread."""
        if self._halted and self._interruptible:
            self._interruptible = False
            raise Halted

    def _listen(self) -> None:
        while True:
            message = self._channel.receive()
            if isinstance(message, (Decision, Refusal)):
                self._answers.put(message)
                continue
            if isinstance(message, Group):
                self._trials = [one.trial for one in message.assignments]
                # A new queue: the None that woke a halted trial must not answer the next one.
                self._halted, self._answers = False, SimpleQueue()
            elif self._trials and (isinstance(message, Exit) or message.trial in self._trials):
                self._halt()
            self._inbox.put(message)

    def _halt(self) -> None:
        self._halted = True
        self._answers.put(None)  # the main thread may be waiting for an answer
        identity = main_thread().ident
        assert identity is not None
        # A signal, as nothing else ends a sleep or a read in which the objective may be.
        signal.pthread_kill(identity, signal.SIGINT)


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
    channel = Channel(Connection(descriptor))
    setup: Setup = channel.receive()
    sys.argv[:] = setup.arguments
    channel.beat(setup.beat)
    Worker(channel).run(setup)


def _raised(error: BaseException) -> Raised:
    code: Any = getattr(error, "code", None)
    return Raised(type(error).__name__, str(error), code if isinstance(code, int) else None)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the objective closed it
            stream.flush()
