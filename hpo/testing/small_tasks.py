"""Small tasks, and a scheduler of rungs, for tests of what trains together."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

from hpo.backend import MLP, SGD, Arrays
from hpo.objective.decision import CONTINUE, Decision
from hpo.schedulers import Grant, Scheduler
from hpo.space import Choice, Float, Space
from hpo.study.study import Study
from hpo.study.trial import TrialState
from hpo.tasks import SoftmaxTask
from hpo.testing.problems import make_arrays

EPOCHS = 4


def small_images() -> Any:
    """Images of 6 by 6 that a model can learn something of."""
    arrays = make_arrays(num_train=200)
    return SimpleNamespace(
        train_images=arrays.train_x,
        train_labels=arrays.train_y,
        test_images=arrays.val_x,
        test_labels=arrays.val_y,
    )


class SmallTask(SoftmaxTask):
    """Softmax regression on small images, which ends in NaN where the rate is enormous."""

    space: ClassVar[Space] = Space(
        {
            "learning_rate": Float(1e-4, 1e38, log=True),
            "momentum": Choice([0.0, 0.5]),
            "batch_size": Choice([16, 32]),
        }
    )

    def __init__(self) -> None:
        super().__init__(max_epochs=EPOCHS, data=small_images())

    def optimizer(self, config: Mapping[str, Any]) -> SGD:
        return SGD(config["learning_rate"], momentum=config.get("momentum", 0.0))


class PerceptronTask(SmallTask):
    """A model that is not linear in its input."""

    def model(self, config: Mapping[str, Any], arrays: Arrays) -> Any:
        return MLP(arrays.num_inputs, 10, (5,))


class Halving(Scheduler):
    """Rungs of one epoch: the better half goes on, all at once; the others wait for ever."""

    def __init__(self, width: int = 4) -> None:
        self.width = width

    def next(self, study: Study, *, can_start: bool) -> Grant | None:
        trials = list(study.trials)
        if len(trials) < self.width:
            return Grant(until=1) if can_start else None
        failed = sum(trial.state is TrialState.FAILED for trial in trials)
        for rung in range(1, EPOCHS):
            there = [trial for trial in trials if len(trial.reports) >= rung and trial.value is not None]
            # The rung waits for all of its trials, except those that failed.
            if len(there) + failed < max(1, self.width >> (rung - 1)):
                return None
            there.sort(key=lambda trial: trial.reports[rung - 1].metrics["val_loss"])
            best = there[: max(1, self.width >> rung)]
            waiting = [
                trial.id for trial in best if trial.state is TrialState.PAUSED and len(trial.reports) == rung
            ]
            if waiting:
                return Grant(trial=min(waiting), until=rung + 1)
        return None

    def on_report(self, study: Study, trial: int) -> Decision:
        return CONTINUE
