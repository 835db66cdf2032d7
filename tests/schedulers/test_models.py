"""A model that proposes while a scheduler stops trials early."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.surrogates.fidelity import Curve, comparable_values, num_advanced

SPACE = {"rate": hpo.Float(1e-4, 1, log=True), "size": hpo.Int(8, 512, log=True), "z": hpo.Float(0, 1)}


class Crossing:
    """Curves that cross: a large rate learns fast at first, and is not the best in the end."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        random = np.random.default_rng(seed)
        self._rate, self._z, self._size = random.uniform([-3, 0.2, 5], [-1, 0.8, 8])

    def __call__(
        self, config: dict[str, Any], trial: hpo.objective.CurrentTrial
    ) -> Iterator[dict[str, float]]:
        noise = np.random.default_rng([self._seed, trial.id or 0])
        start = 0.6 + 0.1 * noise.random()
        for epoch in trial.epochs(27):
            yield {"error": self.value(config, epoch, start) + 0.004 * noise.standard_normal()}

    def value(self, config: dict[str, Any], epoch: int = 27, start: float = 0.65) -> float:
        rate, size = math.log10(config["rate"]) - self._rate, math.log2(config["size"])
        floor = 0.1 + 0.05 * abs(rate) + 0.1 * abs(config["z"] - self._z) + 0.02 * abs(size - self._size)
        power = min(max(0.9 + 0.25 * rate - 0.05 * (size - 6), 0.15), 2.0)
        return float(floor + (start - floor) * (epoch + 0.5) ** -power)


def found(searcher: str, scheduler: hpo.schedulers.Scheduler, seed: int) -> float:
    """The error that the best config would have without noise."""
    curves = Crossing(seed)
    study = hpo.search(
        curves,
        SPACE,
        minimize="error",
        searcher=searcher,
        scheduler=scheduler,
        stop=hpo.MaxCost(540),
        seed=seed,
        executor=hpo.SimulatedExecutor(),
    )
    return curves.value(study.best.config)


def test_a_model_under_halving_does_not_collapse() -> None:
    seeds = range(8)
    by_chance = np.mean([found("random", hpo.schedulers.FIFO(), seed) for seed in seeds])
    halved = np.mean([found("random", hpo.ASHA(1, 27), seed) for seed in seeds])
    modelled = np.mean([found("tpe", hpo.ASHA(1, 27), seed) for seed in seeds])
    assert modelled < by_chance
    assert modelled < halved + 0.3 * (by_chance - halved)


@pytest.mark.parametrize("searcher", ["tpe", "gp"])
def test_rungs_are_not_left_to_copies_of_an_early_winner(searcher: str) -> None:
    study = hpo.search(
        Crossing(0),
        SPACE,
        minimize="error",
        searcher=searcher,
        scheduler=hpo.ASHA(1, 9),
        num_trials=80,
        seed=0,
        executor=hpo.SimulatedExecutor(),
    )
    epochs = dict.fromkeys(("random", "initial design", "tpe", "gaussian process"), 0)
    for trial in study.trials:
        epochs[trial.info["by"]] += len(trial.reports)
    share = (epochs["random"] + epochs["initial design"]) / sum(epochs.values())
    assert 0.45 < share < 0.6


def test_what_the_user_asked_for_is_not_taken_for_the_models() -> None:
    study = hpo.search(
        Crossing(0),
        SPACE,
        minimize="error",
        searcher="tpe",
        scheduler=hpo.ASHA(1, 9),
        points_to_evaluate=hpo.Space(SPACE).sample(1, n=60),
        num_trials=66,
        seed=0,
        executor=hpo.SimulatedExecutor(),
    )
    assert [trial.info["by"] for trial in study.trials[60:]] == ["tpe"] * 6


def test_values_at_a_rung_that_says_nothing_are_lifted_to_the_same_value() -> None:
    random = np.random.default_rng(0)
    early = random.uniform(0.6, 0.8, size=60)
    order = np.argsort(early)
    promoted = set(order[:20].tolist())
    curves = [
        Curve(reports=((1, early[i]), (3, random.uniform(0.2, 0.4))) if i in promoted else ((1, early[i]),))
        for i in range(60)
    ]
    values, num_partial = comparable_values(curves, fewest=10)
    others = [values[i] for i in range(60) if i not in promoted]
    assert num_partial == 60
    assert np.ptp(others) < 0.6 * np.ptp(early)
    assert num_advanced(curves) == 20
