"""Trials in several processes at once."""

from __future__ import annotations

import atexit
import builtins
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpo.checkpoints import CheckpointFolder
from hpo.checks import checked_count
from hpo.errors import ObjectiveError
from hpo.executors.base import Assignment, Ending, OnProgress, Outcome, Progress
from hpo.executors.cohorts.memory import CohortMemory, ShortMemory
from hpo.executors.cohorts.planner import Fuse
from hpo.executors.output import OnOutput
from hpo.executors.placement import Placement
from hpo.executors.processes.dispatch import Dispatch, on_device
from hpo.executors.processes.environment import check_posix
from hpo.executors.processes.handle import KILL_SECONDS, WorkerHandle
from hpo.executors.processes.limits import Limits, Loss
from hpo.executors.processes.messages import (
    Beat,
    Broken,
    Close,
    Closed,
    Ended,
    Formed,
    Halt,
    Halted,
    Raised,
    Refusal,
    Round,
)
from hpo.executors.processes.output import last_lines
from hpo.executors.processes.pack import pack
from hpo.executors.processes.pool import EXIT_SECONDS, Equipment, Pool
from hpo.objective.decision import Verdict
from hpo.objective.failure import FailureKind
from hpo.objective.function import NotFiniteError, Objective, ResultError
from hpo.training.fusable import fusable

_TICK = 0.2
# By then what a worker wrote before a message has come, through its supervisor.
_MARK_SECONDS = 1.0


class ProcessExecutor:
    """Runs each trial in one of several worker processes.

    A worker starts when it is first needed, imports the framework once, and then runs one trial after
    the other. Whatever happens to it costs no more than its trial. A worker that is killed, crashes, uses
    more than it may or no longer answers is ended with all that it started, its trial is LOST, and a fresh
    worker takes its place. No worker, and nothing that an objective started there, outlives this process,
    however that ends. (On Linux. On other systems, processes that left the worker's process group do.)

    The objective is sent by import path if it has one, else as code, so scripts need no
    `if __name__ == "__main__"` and notebooks work. What a trial, its C libraries and the processes that it
    starts print on either stream goes to its worker's log file and, a line at a time, to `on_output`. A
    worker that prints faster than `poll` reads has to wait. What it logs is printed as text, from the level
    of the root logger on if this program configured one.

    Args:
        objective: what the trials evaluate.
        placement: their seed, backend and device.
        on_progress: receives what they report, and decides how they go on. It is called in `poll`.
        folder: where their checkpoints go; None keeps none. The workers write them.
        workers: how many processes, each of which runs one trial at a time.
        devices: the workers' devices in turn, such as `["cuda:0", "cuda:1"]`; a worker sees no other
            accelerator. None leaves them the placement's.
        threads: how many threads one operation of the framework may use; None leaves that to the
            environment.
        memory_limit: bytes of resident memory of a worker and what it started. A trial that needs more has
            failed for want of memory, and is not run again.
        trial_timeout: seconds of one assignment.
        stale_after: seconds without a sign of life after which a worker is lost. Generous, since a
            framework may hold the interpreter's lock while it compiles.
        max_paused: how many paused trials keep their generators in each worker.
        fuse: how many trials of an objective that allows it train together in each worker; `"auto"` for as
            many as pays. Trials of one worker are lost with it. Limits of memory and time apply to single
            trials, so with such a limit nothing is fused unless `fuse` is a number.
        memory: what the study remembers of its cohorts.
        log_folder: where the workers' output goes, about 10 MB each at most; None keeps it until `close`.
        on_output: receives what the trials print, in `poll`, `stop` and `close`; None leaves it to the log.

    Raises:
        ObjectiveError: the objective cannot be sent to another process; the text says what part of it.
        ValueError: a number or a device that cannot be.
        NotImplementedError: this is no POSIX system.
    """

    def __init__(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None = None,
        *,
        workers: int,
        devices: Sequence[str] | None = None,
        threads: int | None = 1,
        memory_limit: int | None = None,
        trial_timeout: float | None = None,
        stale_after: float = 60.0,
        max_paused: int = 8,
        log_folder: Path | None = None,
        fuse: Fuse = 1,
        memory: CohortMemory | None = None,
        on_output: OnOutput | None = None,
    ) -> None:
        check_posix()
        self._num_workers = _count("workers", workers)
        self._memory = ShortMemory() if memory is None else memory
        function = fusable(objective.function)
        is_limited = memory_limit is not None or trial_timeout is not None
        self._dispatch: Dispatch | None = None
        if function is not None and fuse != 1 and not (fuse == "auto" and is_limited):
            where = on_device(placement, _checked_devices(devices))
            self._dispatch = Dispatch(function, where, fuse, self._memory)
        equipment = Equipment(
            pack(objective.function),
            placement,
            folder,
            _checked_devices(devices),
            None if threads is None else _count("threads", threads),
            Limits(memory_limit, trial_timeout, stale_after),
            _count("max_paused", max_paused, least=0),
            self._dispatch is not None,
            log_folder,
            on_output,
        )
        self._pool = Pool(workers, equipment)
        self._on_progress = on_progress
        self._keeps_logs = log_folder is not None
        self._homes: dict[int, WorkerHandle] = {}
        self._done: list[Outcome] = []
        self._looked = time.monotonic()
        self._closed = False
        atexit.register(self.close)

    @property
    def capacity(self) -> int:
        """The number of workers, and where trials train together as many more as those take."""
        if self._dispatch is None:
            return self._num_workers
        busy = [worker for worker in self._pool.workers if worker.assignments]
        free = self._num_workers - len(busy)
        waiting = max(len(self._dispatch.waiting), free * self._dispatch.size())
        return sum(len(worker.assignments) for worker in busy) + waiting

    def submit(self, assignment: Assignment) -> None:
        """Give a trial to the worker that holds its generator, if that is free, else to any that is.

        It starts at once, or in the next `poll` with those that train together; what it reports waits for
        `poll`.

        Raises:
            RuntimeError: all workers are busy, or the executor is closed.
            OSError: no process can be started.
        """
        if self._closed:
            raise RuntimeError("This executor is closed, and takes no trials; make a new one.")
        if self._dispatch is not None:
            self._dispatch.waiting.append(assignment)
            return
        self._begin([assignment])

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        """Answer the trials' reports until at least one of them ends.

        Raises:
            ObjectiveError: the objective cannot be loaded in a worker.
            BaseException: what `on_progress` raised, a `ResultError` apart, and what no objective may
                swallow, such as KeyboardInterrupt. The trial has ended by then; the others go on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if self._dispatch is not None:
            free = self._num_workers - sum(bool(worker.assignments) for worker in self._pool.workers)
            for share in self._dispatch.share(free):
                self._begin(share)
        while not self._done and any(worker.assignments for worker in self._pool.workers):
            left = _TICK if deadline is None else min(_TICK, deadline - time.monotonic())
            for worker, message in self._pool.listen(max(left, 0)):
                self._take(worker, message)
            # Also while messages keep coming, which may be those of other workers.
            if time.monotonic() - self._looked >= _TICK:
                self._look()
            if deadline is not None and time.monotonic() >= deadline:
                break
        done, self._done = self._done, []
        return done

    def stop(self, trial: int) -> None:
        """End a trial without an outcome, running or paused.

        A running objective is interrupted; one that does not let itself be is killed after a few seconds.
        A paused one whose worker is busy with another trial is closed when that has ended. With one that
        trains together with others all of them end.
        """
        if self._dispatch is not None:
            self._dispatch.forget(trial)
        home = self._homes.pop(trial, None)
        if home is not None:
            home.send(Close(trial))
            if not home.assignments:
                self._await(home, Closed(trial))
        for worker in self._pool.workers:
            if trial in worker.assignments:
                # Those that train with it end, too.
                worker.assignments = {}
                worker.end_round()
                worker.send(Halt(worker.number))
                self._await(worker, Halted(worker.number))

    def close(self) -> None:
        """End all trials and workers, within a few seconds whatever they do."""
        if not self._closed:
            self._closed = True
            atexit.unregister(self.close)
            self._homes.clear()
            for worker in self._pool.workers:
                worker.end_round()
            self._pool.close()

    def _begin(self, assignments: Sequence[Assignment]) -> None:
        """Give trials to the worker that holds the first one's generator, if that is free, else to any."""
        homes = {one.trial: self._homes.pop(one.trial, None) for one in assignments}
        home = homes[assignments[0].trial]
        worker = home if home is not None and home.is_free() else self._pool.free()
        if worker is None:
            raise RuntimeError(
                f"All {self._num_workers} workers are busy; trial {assignments[0].trial} may be submitted "
                "when one of their trials has ended."
            )
        # A generator that stays behind in another worker would never be called for again.
        for trial, other in homes.items():
            if other is not None and other is not worker:
                other.send(Close(trial))
        worker.begin(assignments)

    def _take(self, worker: WorkerHandle, message: Any) -> None:
        """Act on a message of a worker; None says that the worker is gone."""
        if message is None:
            self._lose(worker)
        elif isinstance(message, Broken):
            self._drop(worker)
            raise ObjectiveError(
                f"The objective reached a worker process but cannot be loaded there: {message.reason}. What "
                f"it refers to must be importable, and data on a device be moved to the CPU.\n"
                f"{message.traceback}"
            )
        elif isinstance(message, Beat) and worker.assignments and message.ended >= worker.number:
            reason = (
                "The worker of trial {trial} has ended its group of trials without an outcome of this one."
            )
            self._lose(worker, Loss(reason))
        elif isinstance(message, Progress):
            self._answer(worker, message)
        elif isinstance(message, Ended):
            if worker.output is not None:
                worker.output.read_to_mark(message.mark, _MARK_SECONDS)
            del worker.assignments[message.outcome.trial]
            self._done.append(message.outcome)
            worker.is_spent |= message.outcome.kind is FailureKind.MEMORY
            if worker.is_spent and not worker.assignments:
                # What its trial left behind may fill the memory of the next one.
                self._drop(worker)
        elif isinstance(message, Raised):
            worker.assignments = {}
            worker.end_round()
            raise _error_of(message)
        elif isinstance(message, Formed):
            self._memory.formed(message.trials, message.epoch)
        elif isinstance(message, Round):
            worker.end_round()
            if message.is_open:
                worker.round = self._memory.together()
                worker.round.__enter__()

    def _answer(self, worker: WorkerHandle, progress: Progress) -> None:
        try:
            decision = self._on_progress(progress)
        except ResultError as error:
            # The worker raises it at the report, and then sends the failure as the trial's outcome.
            worker.send(Refusal(str(error), not isinstance(error, NotFiniteError)))
            return
        except BaseException:
            self.stop(progress.trial)
            raise
        if decision.verdict is Verdict.PAUSE:
            self._homes[progress.trial] = worker
        worker.send(decision)

    def _look(self) -> None:
        """End the workers that are over a limit or no longer there."""
        self._looked = time.monotonic()
        for worker, loss in self._pool.offenders():
            self._lose(worker, loss)

    def _lose(self, worker: WorkerHandle, loss: Loss | None = None) -> None:
        """Give up a worker, and with it the trials that it runs."""
        # `_drop` forgets them.
        lost = list(worker.assignments.values())
        if loss is None:
            worker.wait(KILL_SECONDS)  # let it end as it does, to know how
        self._drop(worker)
        loss = loss or Loss(worker.how_it_ended())
        # Of several trials that share the memory, each may do well alone.
        is_its_own = loss.kind is FailureKind.MEMORY and len(lost) == 1
        for one in lost:
            output = last_lines(worker.log, one.trial, one.attempt)
            if self._keeps_logs:
                output += f"\n(The whole output of its worker is in {worker.log}.)"
            self._done.append(
                Outcome(
                    one.trial,
                    one.attempt,
                    Ending.FAILED if is_its_own else Ending.LOST,
                    reason=loss.of(one.trial),
                    traceback=output.strip() or None,
                    kind=loss.kind,
                )
            )

    def _drop(self, worker: WorkerHandle) -> None:
        worker.assignments = {}
        worker.end_round()
        self._homes = {trial: home for trial, home in self._homes.items() if home is not worker}
        self._pool.drop(worker)

    def _await(self, worker: WorkerHandle, answer: Closed | Halted) -> None:
        """Wait for an answer, and pass over what comes before it; a worker that takes too long is ended."""
        deadline = time.monotonic() + EXIT_SECONDS
        try:
            while worker.has_message(max(0.0, deadline - time.monotonic())):
                message = worker.receive()
                if message == answer:
                    return
                if message is None:
                    break
        except BaseException:
            self._drop(worker)
            raise
        self._drop(worker)


def _error_of(message: Raised) -> BaseException:
    """What the objective raised, as far as it can be raised here."""
    # By name and text: the error itself might not be picklable, or be of a class that is unknown here.
    kind = getattr(builtins, message.kind, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind(message.text)
    return RuntimeError(f"The objective raised {message.kind}: {message.text}")


def _count(name: str, value: int, *, least: int = 1) -> int:
    return checked_count(f"{name}=", value, least=least, if_no_integer=ValueError)


def _checked_devices(devices: Sequence[str] | None) -> list[str | None]:
    if devices is None:
        return [None]
    if isinstance(devices, str) or not devices or not all(isinstance(one, str) for one in devices):
        raise ValueError(
            f'devices= takes a list of device names such as ["cuda:0", "cuda:1"]; received {devices!r}.'
        )
    return list(devices)
