"""Objectives with a known best value, for the benchmarks of searchers.

Where a function has its optimum at a point of the benchmark's choice, it lies at another share of the range
in each dimension: a searcher that tries the middle first must not profit from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import learners
import numpy as np

import hpo
from hpo.randomness import uniforms

Config = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """An objective to minimise.

    Attributes:
        name: what the tables call it.
        space: what is searched.
        function: the objective.
        best: its lowest value; None where nobody knows it, for the lowest one among the results.
    """

    name: str
    space: hpo.Space
    function: Callable[[Config], float]
    best: float | None


def branin(x: np.ndarray) -> float:
    """Branin on [-5, 10] x [0, 15]; the lowest value is 0.397887."""
    bowl = (x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6) ** 2
    return float(bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10)


_HARTMANN_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_HARTMANN = {
    3: (
        np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]]),
        1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]),
    ),
    6: (
        np.array(
            [
                [10, 3, 17, 3.5, 1.7, 8],
                [0.05, 10, 17, 0.1, 8, 14],
                [3, 3.5, 1.7, 10, 17, 8],
                [17, 8, 0.05, 10, 0.1, 14],
            ]
        ),
        1e-4
        * np.array(
            [
                [1312, 1696, 5569, 124, 8283, 5886],
                [2329, 4135, 8307, 3736, 1004, 9991],
                [2348, 1451, 3522, 2883, 3047, 6650],
                [4047, 8828, 8732, 5743, 1091, 381],
            ]
        ),
    ),
}


def hartmann(x: np.ndarray) -> float:
    """Hartmann on the unit cube of 3 or 6 dimensions; the lowest values are -3.86278 and -3.32237."""
    scales, centres = _HARTMANN[len(x)]
    return float(-_HARTMANN_WEIGHTS @ np.exp(-np.sum(scales * (x - centres) ** 2, axis=1)))


def ackley(x: np.ndarray) -> float:
    """Ackley; 0 at the origin."""
    wide = -20 * math.exp(-0.2 * math.sqrt(float(np.mean(x * x))))
    return float(wide - math.exp(float(np.mean(np.cos(2 * math.pi * x)))) + 20 + math.e)


def levy(x: np.ndarray) -> float:
    """Levy; 0 at (1, ..., 1)."""
    w = 1 + (x - 1) / 4
    middle = np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2))
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return float(math.sin(math.pi * w[0]) ** 2 + middle + last)


def rosenbrock(x: np.ndarray) -> float:
    """Rosenbrock; 0 at (1, ..., 1)."""
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def vector(config: Config, count: int) -> np.ndarray:
    """The values of x0, x1, ... in a config."""
    return np.array([config[f"x{place}"] for place in range(count)])


def shifted(centre: float, width: float, count: int) -> list[tuple[float, float]]:
    """Bounds of `count` dimensions with the point `centre` between 15 and 85 % of each range."""
    shares = 0.15 + 0.7 * uniforms(2023, "optima", count, shape=(count,))
    return [(centre - width * share, centre + width * (1 - share)) for share in shares]


def continuous(
    name: str, function: Callable[[np.ndarray], float], bounds: list[tuple[float, float]], best: float
) -> Problem:
    """A problem of floats x0, x1, ..."""
    space = hpo.Space({f"x{place}": hpo.Float(low, high) for place, (low, high) in enumerate(bounds)})
    return Problem(name, space, lambda config: function(vector(config, len(bounds))), best)


def mixed_ackley(config: Config) -> float:
    """Ackley of floats and integers, in one of three shapes."""
    x = np.array([config["x0"], config["x1"], config["n0"] / 4, config["n1"] / 4])
    shift = {"a": 0.0, "b": 0.8, "c": 2.0}[config["kind"]]
    return ackley(x) + shift + (0.5 if config["flag"] else 0.0)


def training_like(config: Config) -> float:
    """What a network's error does: a valley in log rates, sizes in steps, diminishing returns."""
    rate = math.log10(config["rate"])
    centre = {"sgd": -1.2, "adam": -2.9, "rmsprop": -3.1}[config["optimizer"]]
    error = 0.06 + 0.05 * (rate - centre) ** 2 / (1 + 0.1 * (rate - centre) ** 2)
    error += 0.3 / math.sqrt(config["units"]) + 0.015 * (math.log2(config["batch"]) - 5.5) ** 2 / 4
    error += (
        0.02 * (config["layers"] - 3) ** 2 / 4
        + {"sgd": 0.01, "adam": 0.0, "rmsprop": 0.005}[config["optimizer"]]
    )
    error += 0.04 * abs(config["dropout"] - 0.23) + 0.01 * abs(math.log10(config["decay"]) + 3.7)
    if config["units"] > 300 and config["decay"] < 1e-4:
        error += 0.03  # a large network without decay overfits
    return min(error, 0.9) if rate < centre + 1.5 else 0.9


def conditional(config: Config) -> float:
    """Three models, each with its own hyperparameters."""
    if config["model"] == "svm":
        return (
            0.2
            + 0.05 * ((math.log10(config["c"]) - 1.3) ** 2 + (math.log10(config["gamma"]) + 2.2) ** 2) ** 0.8
        )
    if config["model"] == "forest":
        return 0.25 + 0.5 / config["trees"] ** 0.5 + 0.02 * abs(config["depth"] - 14) ** 0.7
    deep = 0.06 * abs(math.log10(config["rate"]) + 2.6) ** 1.4 + 0.03 * abs(config["layers"] - 2)
    width = sum(
        0.02 * abs(math.log2(config[f"units{place}"]) - 7.4)
        for place in (1, 2, 3)
        if place <= config["layers"]
    )
    return 0.14 + deep + width


_TRAINING_SPACE = hpo.Space(
    {
        "rate": hpo.Float(1e-5, 1, log=True),
        "decay": hpo.Float(1e-6, 1e-1, log=True),
        "dropout": hpo.Float(0, 0.7),
        "units": hpo.Int(16, 1024, log=True),
        "layers": hpo.Int(1, 6),
        "batch": hpo.Ordinal([8, 16, 32, 64, 128, 256, 512]),
        "optimizer": hpo.Choice(["sgd", "adam", "rmsprop"]),
    }
)
_CONDITIONAL_SPACE = hpo.Space(
    {
        "model": hpo.Choice(["svm", "forest", "network"]),
        "c": hpo.Float(1e-3, 1e3, log=True).when("model", eq="svm"),
        "gamma": hpo.Float(1e-5, 10, log=True).when("model", eq="svm"),
        "trees": hpo.Int(10, 500, log=True).when("model", eq="forest"),
        "depth": hpo.Int(1, 30).when("model", eq="forest"),
        "rate": hpo.Float(1e-5, 1, log=True).when("model", eq="network"),
        "layers": hpo.Int(1, 3).when("model", eq="network"),
        "units1": hpo.Int(8, 1024, log=True).when("layers", ge=1),
        "units2": hpo.Int(8, 1024, log=True).when("layers", ge=2),
        "units3": hpo.Int(8, 1024, log=True).when("layers", ge=3),
    }
)
_MIXED_SPACE = hpo.Space(
    {
        "x0": hpo.Float(-3, 5),
        "x1": hpo.Float(-4, 2),
        "n0": hpo.Int(-12, 16),
        "n1": hpo.Int(-8, 20),
        "kind": hpo.Choice(["c", "a", "b"]),
        "flag": hpo.Choice([True, False]),
    }
)


def all_problems() -> list[Problem]:
    """The synthetic problems, and the models of scikit-learn."""
    problems = [
        continuous("branin", branin, [(-5, 10), (0, 15)], 0.397887),
        continuous("hartmann3", hartmann, [(0, 1)] * 3, -3.86278),
        continuous("hartmann6", hartmann, [(0, 1)] * 6, -3.32237),
    ]
    for count in (2, 5, 10, 20):
        problems += [
            continuous(f"ackley{count}", ackley, shifted(0, 25, count), 0.0),
            continuous(f"levy{count}", levy, shifted(1, 18, count), 0.0),
            continuous(f"rosenbrock{count}", rosenbrock, shifted(1, 13, count), 0.0),
        ]
    return [
        *problems,
        Problem("mixed_ackley", _MIXED_SPACE, mixed_ackley, 0.0),
        Problem("training_like", _TRAINING_SPACE, training_like, 0.0703),
        Problem("conditional", _CONDITIONAL_SPACE, conditional, 0.14),
        Problem("svm", learners.SVM_SPACE, learners.svm, None),
        Problem("mlp", learners.MLP_SPACE, learners.mlp, None),
        Problem("forest", learners.FOREST_SPACE, learners.forest, None),
        Problem("boosting", learners.BOOSTING_SPACE, learners.boosting, None),
    ]
