"""The protocol between parent and workers, under thousands of seeded orders of deliveries.

The parent's code and the workers' run in this process, over channels in memory. A stage lets one of them
run at a time and draws what happens next: a worker goes on to the next point at which another could come
first, or a message arrives. It also kills workers and presses Ctrl-C, and trials fail. Where nothing can
happen any more although the parent waits, real processes would wait for ever.

A seed fixes all of it: `python -m tests.executors.test_protocol SEED` replays one.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import hpo
from hpo.executors import Assignment, Ending, Progress
from hpo.executors.placement import Placement
from hpo.executors.processes import ProcessExecutor
from hpo.executors.processes import executor as executor_module
from hpo.executors.processes import pool as pool_module
from hpo.executors.processes.messages import Beat, Close, Group, Halt
from hpo.executors.processes.worker import Worker
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.function import Objective
from hpo.storage.events import EventKind
from hpo.study.trial import TrialState
from tests.executors.stage import Handle, MemoryPool, Stage
from tests.executors.stage_objectives import EPOCHS, Curve, Fused, Reporting
from tests.stress import IS_STRESS

SCHEDULES = 10_000 if IS_STRESS else 2_000
PAUSE = Decision(Verdict.PAUSE, "others first")
SCHEDULERS: dict[str, Callable[[], Any]] = {
    "asha": lambda: hpo.ASHA(1, EPOCHS),
    "stopping": lambda: hpo.ASHA(1, EPOCHS, kind="stopping"),
    "halving": lambda: hpo.SuccessiveHalving(1, EPOCHS),
    "hyperband": lambda: hpo.Hyperband(1, EPOCHS),
    "median": lambda: hpo.MedianStopping(),
}
SPACE = hpo.Space({"quality": hpo.Float(0, 1), "mood": hpo.Float(0, 1), "kind": hpo.Choice(["a", "b"])})


_source = functools.cache(inspect.getsource)


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
