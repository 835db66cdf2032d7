"""A parent and its workers in one process, which run in turns, in an order that a seed draws."""

from __future__ import annotations

import contextlib
import pickle
import random
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

from hpo.executors.base import Interruption
from hpo.executors.processes.handle import WorkerHandle
from hpo.executors.processes.limits import Limits, LimitWatch, Loss
from hpo.executors.processes.messages import Beat, Setup
from hpo.executors.processes.pool import Pool
from hpo.executors.processes.worker import Worker


class NothingHappensError(Exception):
    """The parent waits, and nothing that can still happen would end that."""


class Killed(Interruption):
    """Unwinds the thread of a worker that was killed."""


class Stage:
    """Lets the parent and the workers of one search run in turns, in an order that a seed draws."""

    def __init__(
        self, seed: int, make_worker: Callable[..., Worker] = Worker, *, faults: bool = True
    ) -> None:
        self.random = random.Random(seed)
        self.make_worker = make_worker
        self.actors: list[Actor] = []
        self.faults = 2 if self.random.random() < 0.4 else 0
        self.num_killed = 0

    def happen(self, *, ends: Callable[[], bool]) -> None:
        """Let things happen until something is there for the parent, or it looks by itself."""
        while not ends():
            live = [actor for actor in self.actors if not actor.is_over]
            # What has happened to workers that were dropped is of no account.
            steps = [actor.go_on for actor in live if actor.can_go_on]
            steps += [actor.deliver for actor in live if actor.to_worker]
            if not steps and not any(actor.beat() for actor in live):
                raise NothingHappensError("; ".join(str(actor) for actor in self.actors))
            if steps:
                self.random.choice(steps)()
            self.kill()
            self.interrupt()

    def interrupt(self) -> None:
        """Press Ctrl-C, now and then."""
        if self.faults and self.random.random() < 0.01:
            self.faults -= 1
            raise KeyboardInterrupt

    def kill(self) -> None:
        """Kill a worker, now and then."""
        live = [actor for actor in self.actors if not actor.is_over]
        if live and self.faults and self.random.random() < 0.01:
            self.faults -= 1
            self.num_killed += 1
            self.random.choice(live).kill()

    def end(self) -> None:
        """Unwind every thread that is left."""
        for actor in self.actors:
            actor.kill()


class Actor(threading.Thread):
    """A worker in a thread, which runs only while the stage waits for it."""

    def __init__(self, stage: Stage, setup: Setup, number: int) -> None:
        super().__init__(daemon=True)
        self.stage, self.number = stage, number
        self.to_worker: deque[Any] = deque([setup])
        self.to_parent: deque[Any] = deque()
        self.is_over = self.was_killed = self.is_interrupted = False
        self.trial: int | None = None
        # Each is released by one thread and acquired by the other.
        self._may_run, self._has_run = threading.Lock(), threading.Lock()
        self._may_run.acquire()
        self._has_run.acquire()
        self._can_go_on: Callable[[], bool] = lambda: False
        self._has_beaten = False
        self.worker = stage.make_worker(self, self._interrupt, partial(Inbox, self))

    def __str__(self) -> str:
        trial = "" if self.trial is None else f" in trial {self.trial}"
        return f"worker {self.number}{trial}: {'over' if self.is_over else 'waits'}"

    @property
    def can_go_on(self) -> bool:
        return self.is_interrupted or self._can_go_on()

    def go_on(self) -> None:
        """Let it run up to its next point of rest."""
        self._has_beaten = False
        self._may_run.release()
        self._has_run.acquire()

    def rest(self, until: Callable[[], bool] = lambda: True) -> None:
        """Rest, in the worker's own thread, until the stage lets it go on."""
        while True:
            self._can_go_on = until
            self._has_run.release()
            self._may_run.acquire()
            if self.was_killed:
                raise Killed
            # As Python does with a signal: before the next line of the main thread.
            if self.is_interrupted:
                self.is_interrupted = False
                self.worker.interrupted()
            if until():
                return

    def breathe(self, trial: int) -> None:
        """Rest inside of an objective."""
        twice = [
            one for one in self.stage.actors if one.trial == trial and one is not self and not one.is_over
        ]
        assert not twice, f"trial {trial} runs in two workers"
        self.trial = trial
        try:
            self.rest()
        finally:
            self.trial = None

    def send(self, message: object) -> None:
        """The worker's channel: a message to the parent."""
        self.rest()
        self.to_parent.append(message)

    def deliver(self) -> None:
        """Hand the parent's next message in, as the worker's second thread does."""
        message = self.to_worker.popleft()
        if isinstance(message, Setup):
            self._setup = message
            self.start()
            self._has_run.acquire()
        else:
            self.worker.receive(message)

    def beat(self) -> bool:
        """Send a sign of life, unless the last one changed nothing; whether one was sent."""
        if self._has_beaten or not self.is_alive():
            return False
        self._has_beaten = True
        self.to_parent.append(Beat(self.worker.ended))
        return True

    def run(self) -> None:
        with contextlib.suppress(Killed):
            self.worker.run(self._setup)
        self.is_over = True
        self._has_run.release()

    def kill(self) -> None:
        """End it wherever it is."""
        self.to_worker.clear()
        if self.is_alive():
            self.was_killed = True
            while not self.is_over:
                self.go_on()
            self.join()
        self.is_over = True

    def _interrupt(self) -> None:
        self.is_interrupted = True


class Inbox:
    """A queue between a worker's two threads."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._items: deque[Any] = deque()

    def put(self, item: object) -> None:
        self._items.append(item)

    def get(self) -> Any:
        self._actor.rest(until=lambda: bool(self._items))
        return self._items.popleft()


class Handle(WorkerHandle):
    """The parent's view of an actor: the real one, over other pipes."""

    def __init__(
        self, stage: Stage, setup: Setup, environment: object, log: Any, limits: Limits, on_output: Any = None
    ) -> None:
        self.assignments = {}
        self.is_spent = False
        self.number = 0
        self.round = None
        self.log = log
        self.watch = LimitWatch(limits)
        self.turn = 0
        self._group = None
        self.actor = Actor(stage, setup, len(stage.actors))
        stage.actors.append(self.actor)
        self._connection: Any = SimpleNamespace(
            send=self._send, recv=self._receive, poll=self._poll, close=self.actor.to_parent.clear
        )
        self._process: Any = SimpleNamespace(
            pid=0, poll=lambda: -signal.SIGKILL if self.actor.is_over else None, wait=self._wait
        )

    @property
    def has_news(self) -> bool:
        return bool(self.actor.to_parent) or self.actor.is_over

    def terminate(self) -> None:
        if not self.actor.is_over:
            raise NothingHappensError(f"{self.actor} does not end")

    def let_go(self) -> None:
        self.actor.kill()

    def _send(self, message: object) -> None:
        if self.actor.is_over:
            raise BrokenPipeError
        # A copy, as through a pipe.
        self.actor.to_worker.append(pickle.loads(pickle.dumps(message)))

    def _receive(self) -> Any:
        if not self.actor.to_parent:
            raise EOFError
        return self.actor.to_parent.popleft()

    def _poll(self, timeout: float) -> bool:
        if timeout > 0:
            self.actor.stage.happen(ends=lambda: self.has_news)
        return self.has_news

    def _wait(self, timeout: float | None = None) -> int:
        self.actor.stage.happen(ends=lambda: self.actor.is_over)
        return -signal.SIGKILL


class MemoryPool(Pool):
    """The parent's workers: the real pool, which listens to actors in a drawn order."""

    def __init__(self, stage: Stage, size: int, equipment: Any) -> None:
        super().__init__(size, equipment)
        self._selector.close()
        self._selector: Any = SimpleNamespace(
            register=lambda *_: None, unregister=lambda *_: None, close=lambda: None
        )
        self._stage = stage

    def listen(self, timeout: float) -> Iterator[tuple[WorkerHandle, Any]]:
        self._stage.happen(ends=lambda: bool(self._news()))
        news = self._news()
        for one in self._stage.random.sample(news, len(news)):
            yield one, one.receive()

    def _news(self) -> list[Handle]:
        return [one for one in self.workers if isinstance(one, Handle) and one.has_news]

    def offenders(self) -> list[tuple[WorkerHandle, Loss | None]]:
        return []
