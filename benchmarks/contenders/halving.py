"""What decides how long trials run, ours and others', on the same learning curves in the same order.

Each contender gets the same configs, draw by draw of `space.sample(seed)`, so that only its decisions differ.
Ours run as in any search, on the simulator; the others through their own interfaces in a loop on a clock of
the same kind.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

import hpo
from hpo.tasks.curves import LearningCurves
from hpo.storage.events import EventKind, metrics_from_json

Trace = list[tuple[int, float, float]]
"""(epochs trained by all, seconds, best loss of a full training so far), ascending."""

Run = Callable[[LearningCurves, int, int, int], Trace]
"""(curves, workers, budget in epochs, seed) -> the trace."""


def loss(curves: LearningCurves, metrics: Mapping[str, float]) -> float:
    """What a report is worth: small is good, whatever the metric's direction."""
    return curves.metric.sign * metrics[curves.metric.name]


def ours(
    make: Callable[[int], hpo.schedulers.Scheduler], searcher: str = "random", knows_best: bool = False
) -> Run:
    def run(curves: LearningCurves, workers: int, budget: int, seed: int) -> Trace:
        first = [curves.configs[list(curves.final).index(curves.best)]] if knows_best else []
        study = hpo.search(
            curves,
            curves.space,
            **{curves.metric.direction.value: curves.metric.name},
            searcher=searcher,
            scheduler=make(curves.max_epochs),
            stop=hpo.MaxCost(budget),
            seed=seed,
            points_to_evaluate=first,
            executor=hpo.SimulatedExecutor(workers),
            progress=False,
        )
        trace, spent, best = Trace(), 0, math.inf
        for event in study.events:
            if event.kind is EventKind.REPORTED:
                spent += 1
                if event.epoch == curves.max_epochs:
                    best = min(best, loss(curves, metrics_from_json(event.data)))
                trace.append((spent, event.elapsed, best))
        return trace

    return run


class Rule(Protocol):
    """Another library's decisions, trial by trial."""

    def start(self, trial: int) -> None:
        """A trial starts."""

    def goes_on(self, trial: int, epoch: int, value: float) -> bool:
        """Whether it goes on after a report."""

    def end(self, trial: int, value: float) -> None:
        """It came to its end, with this value."""


def theirs(make: Callable[[int, int], Rule]) -> Run:
    def run(curves: LearningCurves, workers: int, budget: int, seed: int) -> Trace:
        rule, proposals = make(curves.max_epochs, seed), configs(curves, seed)
        agenda: list[tuple[float, int, int, int, list[dict[str, float]]]] = []
        trace, spent, best, now, count = Trace(), 0, math.inf, 0.0, 0
        while spent < budget:
            while len(agenda) < workers:
                curve = list(curves(next(proposals)))
                rule.start(count)
                heapq.heappush(agenda, (now + seconds(curve[0]), count, count, 1, curve))
                count += 1
            now, turn, trial, epoch, curve = heapq.heappop(agenda)
            value = loss(curves, curve[epoch - 1])
            spent += 1
            if epoch == curves.max_epochs:
                best = min(best, value)
            trace.append((spent, now, best))
            ended = epoch == len(curve) or not math.isfinite(value)
            if ended:
                rule.end(trial, value)
            elif rule.goes_on(trial, epoch, value):
                heapq.heappush(agenda, (now + seconds(curve[epoch]), turn, trial, epoch + 1, curve))
        return trace

    return run


def seconds(metrics: Mapping[str, float]) -> float:
    """How long an epoch took: one second where the table does not say, as on the simulator."""
    return metrics.get("seconds", 1.0)


def configs(curves: LearningCurves, seed: int) -> Iterator[dict[str, Any]]:
    """The same as random search with this seed."""
    start = 0
    while True:
        yield from curves.space.sample(seed, n=1024, start=start)
        start += 1024


class Optuna:
    """One of Optuna's pruners, by its ask-and-tell interface."""

    def __init__(self, kind: str, max_epochs: int, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        pruners = {
            "median": lambda: optuna.pruners.MedianPruner(),
            "halving": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
            "hyperband": lambda: optuna.pruners.HyperbandPruner(
                min_resource=1, max_resource=max_epochs, reduction_factor=3
            ),
        }
        self._pruned = optuna.trial.TrialState.PRUNED
        self._failed = optuna.trial.TrialState.FAIL
        sampler = optuna.samplers.RandomSampler(seed=seed)
        self._study = optuna.create_study(sampler=sampler, pruner=pruners[kind]())
        self._trials: dict[int, Any] = {}

    def start(self, trial: int) -> None:
        """A trial starts."""
        self._trials[trial] = self._study.ask()

    def goes_on(self, trial: int, epoch: int, value: float) -> bool:
        """Whether it goes on after a report."""
        mine = self._trials[trial]
        mine.report(value, epoch)
        if not mine.should_prune():
            return True
        self._study.tell(mine, state=self._pruned)
        return False

    def end(self, trial: int, value: float) -> None:
        """It came to its end, with this value."""
        if math.isfinite(value):
            self._study.tell(self._trials[trial], value)
        else:
            self._study.tell(self._trials[trial], state=self._failed)


class SyneTune:
    """Syne Tune's ASHA, which since version 0.16 stops trials and promotes none."""

    def __init__(self, max_epochs: int, seed: int) -> None:
        from syne_tune.backend.trial_status import Trial
        from syne_tune.config_space import uniform
        from syne_tune.optimizer.baselines import ASHA

        np.random.seed(seed)
        self._trial = Trial
        self._scheduler = ASHA(
            {"x": uniform(0, 1)},
            metric="error",
            time_attr="training_iteration",
            max_t=max_epochs,
            grace_period=1,
            random_seed=seed,
        )
        self._trials: dict[int, Any] = {}

    def start(self, trial: int) -> None:
        """A trial starts."""
        import datetime

        suggestion = self._scheduler.suggest()
        mine = self._trial(trial_id=trial, config=suggestion.config, creation_time=datetime.datetime.now())
        self._trials[trial] = mine
        self._scheduler.on_trial_add(mine)

    def goes_on(self, trial: int, epoch: int, value: float) -> bool:
        """Whether it goes on after a report."""
        result = {"error": value, "training_iteration": epoch}
        return self._scheduler.on_trial_result(self._trials[trial], result) == "CONTINUE"

    def end(self, trial: int, value: float) -> None:
        """It came to its end, with this value."""
        if math.isfinite(value):
            self.goes_on(trial, 10**9, value)


CONTENDERS: dict[str, Run] = {
    "oracle": ours(lambda epochs: hpo.schedulers.FIFO(), knows_best=True),
    "random": ours(lambda epochs: hpo.schedulers.FIFO()),
    "median": ours(hpo.MedianStopping),
    "successive halving": ours(lambda epochs: hpo.SuccessiveHalving(1, epochs)),
    "hyperband": ours(lambda epochs: hpo.Hyperband(1, epochs)),
    "asha": ours(lambda epochs: hpo.ASHA(1, epochs)),
    "asha, stopping": ours(lambda epochs: hpo.ASHA(1, epochs, kind="stopping")),
    "asha with tpe": ours(lambda epochs: hpo.ASHA(1, epochs), "tpe"),
    "optuna median": theirs(lambda epochs, seed: Optuna("median", epochs, seed)),
    "optuna halving": theirs(lambda epochs, seed: Optuna("halving", epochs, seed)),
    "optuna hyperband": theirs(lambda epochs, seed: Optuna("hyperband", epochs, seed)),
    "syne tune asha": theirs(SyneTune),
}
