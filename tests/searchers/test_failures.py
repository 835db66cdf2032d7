"""What searchers learn from trials that fail."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest

import hpo
from hpo.searchers import searcher_named
from hpo.study.study import Study
from hpo.study.trial import TrialState
from hpo.testing.by_hand import SearchByHand

MEMORY = hpo.Space(
    {"units": hpo.Int(1, 1000, log=True), "batch": hpo.Int(1, 100, log=True), "lr": hpo.Float(0, 1)}
)
SQUARE = hpo.Space({"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)})


def of_memory(config: dict[str, Any]) -> float:
    """Larger is better, up to what does not fit: the optimum lies on the border."""
    used = config["units"] * config["batch"] / 3000
    return math.nan if used > 1 else -used + abs(config["lr"] - 0.3)


def of_circle(config: dict[str, Any]) -> float:
    """Towards one side is better, up to a round border."""
    x, y = config["x"] - 0.5, config["y"] - 0.5
    return math.nan if x * x + y * y > 0.12 else -x - 0.5 * y


def searches(name: str, space: hpo.Space, score: Any, num_trials: int) -> list[Study]:
    return [SearchByHand(searcher_named(name), space, score, seed=seed).run(num_trials) for seed in range(3)]


def share_failed(studies: list[Study], last: int) -> float:
    ends = [trial.state for study in studies for trial in list(study.trials)[-last:]]
    return ends.count(TrialState.FAILED) / len(ends)


@pytest.mark.parametrize(("name", "most"), [("gp", 0.25), ("auto", 0.25), ("tpe", 0.35)])
def test_where_the_best_lie_beside_what_fails_few_trials_fail(name: str, most: float) -> None:
    studies = searches(name, MEMORY, of_memory, 50)
    assert share_failed(studies, last=20) <= most
    assert statistics.median(float(study.best.value or 0) for study in studies) < -0.9


@pytest.mark.parametrize(("name", "best"), [("gp", -0.365), ("tpe", -0.36)])
def test_the_border_may_be_round(name: str, best: float) -> None:
    studies = searches(name, SQUARE, of_circle, 40)
    assert share_failed(studies, last=20) <= 0.35
    # The lowest value on the border is -0.387.
    assert statistics.median(float(study.best.value or 0) for study in studies) < best


@pytest.mark.parametrize(("name", "best"), [("gp", 1e-3), ("tpe", 1e-2)])
@pytest.mark.parametrize("share", [0.1, 0.4])
def test_failures_by_chance_do_not_stop_a_search(name: str, best: float, share: float) -> None:
    def by_chance(config: dict[str, Any]) -> float:
        drawn = (1e4 * math.sin(12.9898 * config["x"] + 78.233 * config["y"])) % 1
        return math.nan if drawn < share else (config["x"] - 0.3) ** 2 + (config["y"] - 0.6) ** 2

    studies = searches(name, SQUARE, by_chance, 40)
    assert statistics.median(float(study.best.value or 0) for study in studies) < best
