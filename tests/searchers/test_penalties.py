"""A number in place of a failure: its size changes nothing, and it costs no more than NaN does."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.randomness import uniforms
from hpo.searchers import SEARCHERS, searcher_named
from hpo.study.study import Study
from hpo.testing.by_hand import SearchByHand
from tests.stress import IS_STRESS

SIZES = (1.0, 1e2, 1e9, 1e100, sys.float_info.max)
SHARES = (0.1, 0.3, 0.6, 0.8)
SPACE = hpo.Space({"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)})


def searched(name: str, penalty: float, *, share: float, seed: int, num_trials: int = 24) -> Study:
    """A search in which a share of the space has the penalty, and the rest a curved valley."""
    x, y = 0.25 + 0.5 * uniforms(seed, "optimum", shape=(2,))

    def far(points: Any) -> Any:
        return (points[..., 0] - x) + 0.5 * (points[..., 1] - y) * (-1) ** seed

    border = max(float(np.quantile(far(uniforms(0, "sample", shape=(1000, 2))), 1 - share)), 0.03)

    def score(config: dict[str, Any]) -> float:
        point = np.array([config["x"], config["y"]])
        if far(point) > border:
            return penalty
        return float((point[0] - x) ** 2 + (point[1] - y + (point[0] - x) ** 2) ** 2) / 5

    return SearchByHand(searcher_named(name), SPACE, score, seed=seed).run(num_trials)


def regret(study: Study) -> float:
    """The best result, of which 0 is the lowest; 1 if none was better than a penalty."""
    values = [trial.metrics["value"] for trial in study.trials if trial.state.value == "completed"]
    return max(min([1.0, *values]), 1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", SEARCHERS)
def test_a_penalty_of_any_size_on_any_share_of_the_space_costs_no_more_than_nan(name: str) -> None:
    logs = []
    for seed in range(20 if IS_STRESS else 10):
        size, share = SIZES[seed % len(SIZES)], SHARES[seed % len(SHARES)]
        found, beside = (regret(searched(name, each, share=share, seed=seed)) for each in (size, math.nan))
        logs.append(math.log10(found / beside))
    error = float(np.std(logs, ddof=1)) / math.sqrt(len(logs))
    assert np.mean(logs) <= 0.3 + 2 * error


@pytest.mark.parametrize("name", SEARCHERS)
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_the_size_of_a_penalty_changes_no_proposal(name: str, share: float) -> None:
    first, *others = (searched(name, size, share=share, seed=3) for size in SIZES[2:])
    for other in others:
        assert [trial.config for trial in other.trials] == [trial.config for trial in first.trials]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["gp", "tpe", "auto", "local"])
@pytest.mark.parametrize("scheduler", [hpo.ASHA(1, 9), hpo.Hyperband(1, 9), hpo.MedianStopping(9)], ids=str)
@pytest.mark.parametrize("penalty", [1e300, sys.float_info.max])
def test_a_penalty_of_any_size_may_be_reported_at_a_rung(name: str, scheduler: Any, penalty: float) -> None:
    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for epoch in trial.epochs(9):
            yield penalty if config["x"] > 0.4 else (config["x"] - 0.2) ** 2 + config["y"] + 1 / epoch

    study = hpo.search(curve, SPACE, searcher=name, scheduler=scheduler, num_trials=20, seed=0)
    assert study.best.config["x"] <= 0.4
