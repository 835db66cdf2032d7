"""The protocol between parent and workers, under thousands of seeded orders of deliveries.

The parent's code and the workers' run in this process, over channels in memory. A stage lets one of them
run at a time and draws what happens next: a worker goes on to the next point at which another could come
first, or a message arrives. It also kills workers and presses Ctrl-C, and trials fail. Where nothing can
happen any more although the parent waits, real processes would wait for ever.

A seed fixes all of it: `python tests/executors/test_protocol.py SEED` replays one.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import os
import pickle
import random
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.backend import SGD, Arrays, Member, Scores, Softmax, State
from hpo.executors import Assignment, Ending, Progress
from hpo.executors.base import Interruption
from hpo.executors.placement import Placement
from hpo.executors.processes import ProcessExecutor
from hpo.executors.processes import executor as executor_module
from hpo.executors.processes import pool as pool_module
from hpo.executors.processes.handle import WorkerHandle
from hpo.executors.processes.limits import Limits, LimitWatch, Loss
from hpo.executors.processes.messages import Beat, Close, Group, Halt, Setup
from hpo.executors.processes.pool import Pool
from hpo.executors.processes.worker import Worker
from hpo.objective.context import CurrentTrial, report
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.function import Objective
from hpo.storage.events import EventKind
from hpo.study.trial import TrialState
from hpo.training.fusable import Training, train_alone

SCHEDULES = 10_000
EPOCHS = 9
PAUSE = Decision(Verdict.PAUSE, "others first")
SCHEDULERS: dict[str, Callable[[], Any]] = {
    "asha": lambda: hpo.ASHA(1, EPOCHS),
    "stopping": lambda: hpo.ASHA(1, EPOCHS, kind="stopping"),
    "halving": lambda: hpo.SuccessiveHalving(1, EPOCHS),
    "hyperband": lambda: hpo.Hyperband(1, EPOCHS),
    "median": lambda: hpo.MedianStopping(),
}
SPACE = hpo.Space({"quality": hpo.Float(0, 1), "mood": hpo.Float(0, 1), "kind": hpo.Choice(["a", "b"])})


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


class MemoryRun:
    """K models that learn nothing, one epoch after the other."""

    def __init__(self, states: Sequence[State]) -> None:
        self._states = list(states)

    def epoch(self, order: object) -> Scores:
        actor: Any = threading.current_thread()
        actor.rest()
        return self.validate()

    def validate(self) -> Scores:
        quality = np.array([state["layers.0.bias"][0] for state in self._states], np.float64)
        return Scores(quality, quality)

    def state(self) -> list[State]:
        return [dict(state) for state in self._states]

    def load(self, states: Sequence[State]) -> None:
        self._states = list(states)

    def drop(self, index: int) -> None:
        del self._states[index]


class MemoryTraining(Training):
    """A training whose runs are in memory."""

    def run(self, others: Sequence[Training], states: Sequence[State], trial: CurrentTrial) -> Any:
        return MemoryRun(states)


ARRAYS = Arrays(
    np.zeros((4, 1, 1, 1), np.uint8),
    np.zeros(4, np.int64),
    np.zeros((4, 1, 1, 1), np.uint8),
    np.zeros(4, np.int64),
    batch_size=4,
)


class Curve:
    """Yields once an epoch; some configs raise, end early or yield NaN on their way."""

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[float]:
        actor: Any = threading.current_thread()
        for epoch in range(1, EPOCHS + 1):
            actor.breathe(trial.id)
            yield value(config, epoch)
            if config["mood"] < 0.05 and epoch == 2:
                return

    def __reduce__(self) -> Any:
        return type(self), ()


class Reporting(Curve):
    """A plain function, which cannot wait at a report."""

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Any:
        actor: Any = threading.current_thread()
        for epoch in range(1, EPOCHS + 1):
            actor.breathe(trial.id)
            report(value(config, epoch))


class Fused(Curve):
    """Trains with others."""

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Any:
        return train_alone(self.training(config, seed=trial.seed, replicate=trial.replicate), trial)

    def training(self, config: Mapping[str, Any], *, seed: int, replicate: int) -> Training:
        if config["mood"] > 0.9:
            raise ValueError("a config that cannot be trained")
        model = Softmax(1, 1 if config["kind"] == "a" else 2)
        bias = np.full(model.num_outputs, np.nan if config["mood"] > 0.8 else config["quality"], np.float32)
        state = {"layers.0.weight": np.zeros((1, model.num_outputs), np.float32), "layers.0.bias": bias}
        return MemoryTraining(Member(model, SGD(0.1), state), ARRAYS, EPOCHS)


_source = functools.cache(inspect.getsource)


def value(config: Mapping[str, Any], epoch: int) -> float:
    if config["mood"] > 0.9 and epoch == 2:
        raise ValueError("a config that cannot be trained")
    return float("nan") if config["mood"] > 0.8 and epoch == 3 else config["quality"] / epoch


def run_schedule(seed: int, make_worker: Callable[..., Worker] = Worker) -> str:
    """Run what a seed draws, in the order that it draws, and check how that ended; what it was, in words."""
    stage = Stage(seed, make_worker)
    draw = stage.random
    objective: Any = draw.choice([Curve, Fused, Fused, Reporting])()
    count, fuse = draw.choice([2, 2, 3, 4]), draw.choice([2, 3, 9]) if isinstance(objective, Fused) else 1
    name = draw.choice([*sorted(SCHEDULERS), "by hand"])
    what = f"{name}, {type(objective).__name__}, {count} workers, fuse={fuse}"
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(pool_module, "WorkerHandle", partial(Handle, stage))
        patch.setattr(executor_module, "Pool", partial(MemoryPool, stage))
        patch.setattr(executor_module, "pack", pickle.dumps)
        # To read the objective's source takes longer than the search.
        patch.setattr(inspect, "getsource", _source)
        try:
            if name == "by hand":
                _drive(stage, objective, count, fuse)
            else:
                _search(stage, objective, SCHEDULERS[name](), count, fuse, seed)
        except BaseException as error:
            raise AssertionError(f"seed {seed} ({what}): {type(error).__name__}: {error}") from error
        finally:
            stage.end()
    return what


def _drive(stage: Stage, objective: Any, count: int, fuse: int) -> None:
    """Start, stop and continue trials without a search, which stops running ones only where it ends."""
    draw, waiting, running = stage.random, list[int](), set[int]()

    def decide(progress: Progress) -> Decision:
        return draw.choice([CONTINUE, CONTINUE, PAUSE])

    def poll() -> None:
        outcomes = executor.poll()
        assert outcomes, f"no outcome of {running}"
        for outcome in outcomes:
            assert outcome.ending is not Ending.LOST, outcome
            running.remove(outcome.trial)
            if outcome.ending is Ending.LEFT:
                waiting.append(outcome.trial)

    stage.faults = 0
    executor = ProcessExecutor(
        Objective(objective), Placement(seed=0, backend="numpy"), decide, workers=count, fuse=fuse
    )
    attempts = dict.fromkeys(range(8), 0)
    fresh = list(attempts)
    for _ in range(60):
        if (fresh or waiting) and len(running) < executor.capacity and draw.random() < 0.8:
            source = fresh if fresh and (not waiting or draw.random() < 0.5) else waiting
            trial = source.pop(draw.randrange(len(source)))
            config = {"quality": 0.5, "mood": 0.01 if trial == 7 else 0.5, "kind": "ab"[trial % 2]}
            executor.submit(Assignment(trial, config, attempts[trial]))
            attempts[trial] += 1
            running.add(trial)
        elif running and draw.random() < 0.3:
            trial = draw.choice(sorted(running))
            # With one that trains together with others all of them end.
            group = [one.assignments for one in executor._pool.workers if trial in one.assignments]
            gone = {trial}.union(*group)
            executor.stop(trial)
            running -= gone
        elif waiting and draw.random() < 0.1:
            executor.stop(waiting.pop())
        elif running:
            poll()
    while running:
        poll()
    executor.close()


def _search(stage: Stage, objective: Any, scheduler: Any, count: int, fuse: int, seed: int) -> None:
    """Search, and go on after each Ctrl-C."""
    num_trials = stage.random.choice([4, 6, 9])
    faults, stage.faults = stage.faults, 0
    tuner = hpo.Tuner(
        objective,
        SPACE,
        minimize="val_loss" if isinstance(objective, Fused) else "loss",
        scheduler=scheduler,
        num_trials=num_trials,
        seed=seed,
        backend="numpy",
        workers=hpo.Workers(count),
        fuse=fuse,
        give_up_after=None,
        callbacks=lambda *_: stage.interrupt(),
    )
    stage.faults = faults
    while True:
        # SearchInterrupted is one, and a second Ctrl-C may come while the search ends.
        with contextlib.suppress(KeyboardInterrupt, hpo.errors.SearchFailedError):
            tuner.run()
        if not tuner.study.history.running and len(tuner.study.trials) == num_trials:
            break
    _check(tuner.study, num_trials, stage)


def _check(study: hpo.Study, num_trials: int, stage: Stage) -> None:
    trials, events = list(study.trials), list(study.events)
    assert len(trials) == num_trials
    states = {trial.state for trial in trials}
    assert TrialState.RUNNING not in states, states
    if not stage.num_killed:
        lost = [event for event in events if event.data.get("lost")]
        assert not lost, f"trials were lost without a fault: {lost}"
        reasons = [trial.reason or "" for trial in trials]
        assert not [reason for reason in reasons if "worker" in reason], reasons
    for trial in trials:
        epochs = [
            event.epoch for event in events if event.kind is EventKind.REPORTED and event.trial == trial.id
        ]
        assert epochs == list(range(1, len(epochs) + 1))


class HaltsByTrial(Worker):
    """Halts the group that runs for a `Close` of a trial that was one of it, as workers once did."""

    def receive(self, message: object) -> None:
        if isinstance(message, Group):
            self._trials = [one.trial for one in message.assignments]
        if isinstance(message, Close) and self._group > self.ended and message.trial in self._trials:
            self._halted = True
            self._answers.put(None)
            self._interrupt()
        super().receive(message)


class HaltsInSilence(Worker):
    """Does not answer a `Halt` that comes after the end of its group."""

    def receive(self, message: object) -> None:
        if not isinstance(message, Halt) or self._group > self.ended:
            super().receive(message)


class AnswersTwice(Worker):
    """Forgets that a halted group waits for no answer."""

    def receive(self, message: object) -> None:
        if isinstance(message, Group):
            answers = self._answers
            super().receive(message)
            self._answers = answers
        else:
            super().receive(message)


@pytest.fixture(autouse=True)
def one_processor() -> Iterator[None]:
    """Threads hand over faster on one processor."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.sched_setaffinity(0, {sorted(before)[number % len(before)]})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.parametrize("first", range(0, SCHEDULES, SCHEDULES // 20))
def test_every_search_ends_with_all_of_its_trials(first: int) -> None:
    for seed in range(first, first + SCHEDULES // 20):
        run_schedule(seed)


@pytest.mark.parametrize("mistake", [HaltsByTrial, HaltsInSilence, AnswersTwice])
def test_a_mistake_in_the_protocol_is_found(mistake: type[Worker]) -> None:
    with pytest.raises(AssertionError, match=r"seed \d+ \("):
        _run_many(mistake)


def test_a_beat_tells_of_a_group_that_was_given_up_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without that the parent waits for ever, which is how the mistake above was met."""
    monkeypatch.setattr(Beat, "__init__", lambda self, ended: object.__setattr__(self, "ended", 0))
    with pytest.raises(AssertionError, match="NothingHappensError: worker"):
        _run_many(HaltsByTrial)


def _run_many(make_worker: Callable[..., Worker]) -> None:
    for seed in range(2000):
        run_schedule(seed, make_worker)


if __name__ == "__main__":
    print(run_schedule(int(sys.argv[1])))
