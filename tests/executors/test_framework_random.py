"""Whether trials seed the framework's own generator: those of an objective that draws from it do."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.backend import registry
from hpo.tasks import SoftmaxTask


class Draws:
    """Trains nothing; each epoch's value is a draw from a global generator."""

    def __init__(self, draw: Callable[[], float] = np.random.random) -> None:
        self.draw = draw

    def __call__(self, config: Mapping[str, Any]) -> Iterator[float]:
        for _ in range(2):
            yield float(self.draw())


class DrawsUnseeded(Draws):
    takes_framework_random = False


def values(objective: Draws, seed: int = 0) -> list[list[float]]:
    study = hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=2, seed=seed, backend="numpy")
    return [[report.metrics["value"] for report in trial.reports] for trial in study.trials]


@pytest.mark.parametrize("draw", [np.random.random, random.random])
def test_all_trials_of_a_study_draw_the_same(draw: Callable[[], float]) -> None:
    first, second = values(Draws(draw))
    assert first == second
    assert first[0] != first[1]
    assert values(Draws(draw), seed=1) != [first, second]


def test_without_a_framework_nothing_is_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "is_imported", lambda module: False)
    study = hpo.search(Draws(random.random), {"x": hpo.Float(0, 1)}, num_trials=2, seed=0)
    assert study.trials[0].reports != study.trials[1].reports


def test_keras_on_an_engine_without_a_backend_counts_as_a_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "is_imported", lambda module: module == "keras")
    study = hpo.search(Draws(random.random), {"x": hpo.Float(0, 1)}, num_trials=2, seed=0)
    assert study.backend == "numpy"
    assert study.trials[0].reports == study.trials[1].reports


def test_an_objective_that_declares_to_draw_nothing_leaves_the_generator_alone() -> None:
    np.random.seed(5)
    expected = np.random.random(4)
    np.random.seed(5)
    assert np.ravel(values(DrawsUnseeded())).tolist() == expected.tolist()


@pytest.mark.parametrize("fuse", [1, "auto"])
def test_the_ready_tasks_leave_it_alone(fuse: Any) -> None:
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    task = SoftmaxTask(max_epochs=1, data=hpo.datasets.fashion_mnist("sample"))
    hpo.search(task, task.space, minimize=task.metric, num_trials=2, seed=0, backend="numpy", fuse=fuse)
    assert np.random.random() == expected
