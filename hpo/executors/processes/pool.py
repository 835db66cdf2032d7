"""The worker processes of one executor."""

from __future__ import annotations

import logging
import os
import selectors
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hpo.checkpoints import CheckpointFolder
from hpo.executors.output import OnOutput
from hpo.executors.placement import Placement
from hpo.executors.processes.environment import worker_environment
from hpo.executors.processes.folders import make_folder
from hpo.executors.processes.handle import WorkerHandle
from hpo.executors.processes.limits import Limits, Loss
from hpo.executors.processes.messages import Exit, Setup
from hpo.executors.processes.spoken import OutputPipe

EXIT_SECONDS = 5.0
_TERM_SECONDS = 1.0
_TURN_SECONDS = 0.05


@dataclass(frozen=True)
class Equipment:
    """What every worker of a pool receives.

    Attributes:
        objective: the pickled objective.
        placement: where its trials run; `devices` replace the device.
        folder: where their checkpoints go; None keeps none.
        devices: the workers' devices in turn; None stands for the placement's.
        threads: how many threads one operation uses; None leaves the environment as it is.
        limits: what a worker may use.
        max_paused: how many paused trials keep their generators.
        fuses: whether trials train together.
        log_folder: where the workers' output goes; None for a folder that goes with the pool.
        on_output: receives what the trials print; None leaves that to the log.
    """

    objective: bytes
    placement: Placement
    folder: CheckpointFolder | None
    devices: Sequence[str | None]
    threads: int | None
    limits: Limits
    max_paused: int
    fuses: bool
    log_folder: Path | None
    on_output: OnOutput | None


class Pool:
    """Starts workers when they are needed, listens to them in turn, and ends them.

    Args:
        size: how many workers there are at most.
        equipment: what each of them receives.

    Raises:
        ValueError: a device is not there.
    """

    def __init__(self, size: int, equipment: Equipment) -> None:
        self._equipment = equipment
        self._places = [
            worker_environment(os.environ, equipment.threads, device) for device in equipment.devices
        ]
        self._slots: list[WorkerHandle | None] = [None] * size
        self._selector = selectors.DefaultSelector()
        self._turn = self._num_started = 0
        self._looked = time.monotonic()
        self._private = make_folder()
        self._objective = self._private / "objective.pickle"
        self._objective.write_bytes(equipment.objective)
        self._logs = equipment.log_folder or self._private

    @property
    def workers(self) -> list[WorkerHandle]:
        """Those that were started and have not been dropped."""
        return [worker for worker in self._slots if worker is not None]

    def free(self) -> WorkerHandle | None:
        """A worker for a new trial, started if need be; None if all are busy."""
        for worker in self.workers:
            if worker.is_free():
                return worker
            if not worker.assignments:
                self.drop(worker)
        return self._start(self._slots.index(None)) if None in self._slots else None

    def listen(self, timeout: float) -> Iterator[tuple[WorkerHandle, Any]]:
        """One message of each worker that has one, the longest waiting first; None of one that is gone.

        Each is taken from its pipe when it is asked for, so none is lost if its receiver raises.
        """
        found: list[WorkerHandle | OutputPipe] = [key.data for key, _ in self._selector.select(timeout)]
        # What was printed before a report stands before what follows from it.
        for pipe in found:
            if isinstance(pipe, OutputPipe):
                pipe.read()
        workers = [worker for worker in found if isinstance(worker, WorkerHandle)]
        for worker in sorted(workers, key=lambda worker: worker.turn):
            self._turn += 1
            # Fairness: a worker that reports without a pause must not keep the others waiting.
            worker.turn = self._turn
            yield worker, worker.receive()

    def offenders(self) -> list[tuple[WorkerHandle, Loss | None]]:
        """Workers over a limit, with what they did; those that are gone, with None."""
        now = time.monotonic()
        seconds, self._looked = now - self._looked, now
        found: list[tuple[WorkerHandle, Loss | None]] = []
        for worker in self.workers:
            # A message that was not read yet is a sign of life, and may be the outcome of its trial: what a
            # worker sent before its end counts.
            waiting = worker.has_message(0)
            if waiting:
                worker.watch.heard()
            loss = worker.watch.exceeded(seconds, worker.process, running=worker.is_running)
            if loss is not None or (worker.is_gone and not waiting):
                found.append((worker, loss))
        return found

    def drop(self, worker: WorkerHandle) -> None:
        """Kill a worker and all that it started; a fresh one may take its place."""
        if worker in self._slots:
            self._slots[self._slots.index(worker)] = None
            # Before the pipes are closed: the selector needs their numbers.
            self._selector.unregister(worker)
            if worker.output is not None:
                self._selector.unregister(worker.output)
        worker.kill()

    def close(self) -> None:
        """End all workers within a few seconds: by a message, then by SIGTERM, and at last by SIGKILL.

        An interruption, such as a second Ctrl-C, leads to SIGKILL at once.
        """
        workers = self.workers
        try:
            for worker in workers:
                worker.send(Exit())
            _wait(workers, EXIT_SECONDS)
            for worker in workers:
                worker.terminate()
            _wait(workers, _TERM_SECONDS)
        finally:
            # All at once, and only then is each of them waited for.
            for worker in workers:
                worker.let_go()
            for worker in workers:
                self.drop(worker)
            self._selector.close()
            shutil.rmtree(self._private, ignore_errors=True)

    def _start(self, slot: int) -> WorkerHandle:
        mine = self._equipment
        environment, device = self._places[slot % len(self._places)]
        placement = mine.placement if device is None else replace(mine.placement, device=device)
        setup = Setup(
            str(self._objective),
            placement,
            mine.folder,
            mine.max_paused,
            beat=min(1.0, mine.limits.silence / 4),
            fuses=mine.fuses,
            arguments=list(sys.argv),
            has_marks=mine.on_output is not None,
            log_level=_log_level(),
        )
        self._logs.mkdir(parents=True, exist_ok=True)
        # Another process may search the same study beside this one, or have done so before.
        log = self._logs / f"worker-{os.getpid()}-{self._num_started:03d}.log"
        self._num_started += 1
        worker = WorkerHandle(setup, environment, log, mine.limits, mine.on_output)
        self._slots[slot] = worker
        self._selector.register(worker, selectors.EVENT_READ, worker)
        if worker.output is not None:
            self._selector.register(worker.output, selectors.EVENT_READ, worker.output)
        return worker


def _wait(workers: list[WorkerHandle], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    # In turns, as each wait reads what its worker prints: one that nothing reads would not come to its end.
    while workers and (left := deadline - time.monotonic()) > 0:
        workers = [worker for worker in workers if not worker.wait(min(_TURN_SECONDS, left))]


def _log_level() -> int | None:
    """The level of the root logger, if this program configured logging."""
    root = logging.getLogger()
    return root.level if root.handlers else None
