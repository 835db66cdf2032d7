"""Objectives for the stage: they rest where another worker, or a message, may come first."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hpo.backend import SGD, Arrays, Member, Scores, Softmax, State
from hpo.objective.context import CurrentTrial, report
from hpo.training.fusable import Training, train_alone

EPOCHS = 9


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


def value(config: Mapping[str, Any], epoch: int) -> float:
    if config["mood"] > 0.9 and epoch == 2:
        raise ValueError("a config that cannot be trained")
    return float("nan") if config["mood"] > 0.8 and epoch == 3 else config["quality"] / epoch
