"""Objectives for the benchmarks of searchers: functions, models of scikit-learn, and the recorded tables.

Each seed has its own instance of a problem: the optimum lies elsewhere, the data are split otherwise. So a
searcher that begins in the middle has no luck, one that is deterministic shows more than a single run, and
whatever holds over the seeds holds for more than one landscape. Only the recorded tables are what they are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import learners
import numpy as np
from functions import ackley, branin, hartmann, levy, rosenbrock

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
        best: its lowest value; None where it is not known, for the lowest one among the results.
    """

    name: str
    space: hpo.Space
    function: Callable[[Config], float]
    best: float | None


def continuous(
    name: str, function: Callable[[np.ndarray], float], bounds: list[tuple[float, float]], best: float
) -> Problem:
    """A problem of floats x0, x1, ..."""
    space = hpo.Space({f"x{place}": hpo.Float(low, high) for place, (low, high) in enumerate(bounds)})

    def of_config(config: Config) -> float:
        return function(np.array([config[f"x{place}"] for place in range(len(bounds))]))

    return Problem(name, space, of_config, best)


def around(centre: float, width: float, shares: np.ndarray) -> list[tuple[float, float]]:
    """Bounds with the point `centre` at a share of each range between 15 and 85 %."""
    placed = 0.15 + 0.7 * shares
    return [(centre - width * share, centre + width * (1 - share)) for share in placed]


def moved(bounds: list[tuple[float, float]], most: float, shares: np.ndarray) -> list[tuple[float, float]]:
    """Bounds moved by up to `most` of their width."""
    return [
        (low + (high - low) * most * (2 * share - 1), high + (high - low) * most * (2 * share - 1))
        for (low, high), share in zip(bounds, shares, strict=True)
    ]


def mixed_ackley(shares: np.ndarray) -> Problem:
    """Ackley of floats and integers, in one of three shapes."""
    lows = [-round(28 * (0.15 + 0.7 * share)) for share in shares[2:4]]
    floats = around(0, 8, shares[:2])
    space = hpo.Space(
        {
            **{f"x{place}": hpo.Float(*bounds) for place, bounds in enumerate(floats)},
            **{f"n{place}": hpo.Int(low, low + 28) for place, low in enumerate(lows)},
            "kind": hpo.Choice(["a", "b", "c"]),
            "flag": hpo.Choice([True, False]),
        }
    )
    penalties = dict(zip("abc", np.array([0.0, 0.8, 2.0])[np.argsort(shares[4:7])], strict=True))

    def function(config: Config) -> float:
        x = np.array([config["x0"], config["x1"], config["n0"] / 4, config["n1"] / 4])
        return ackley(x) + float(penalties[config["kind"]]) + (0.5 if config["flag"] else 0.0)

    return Problem("mixed_ackley", space, function, 0.0)


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


def training_like(shares: np.ndarray) -> Problem:
    """What a network's error does: a valley in log rates, sizes in steps, diminishing returns."""
    centres = {"sgd": -1.9, "adam": -3.6, "rmsprop": -3.8}
    centres = {optimizer: centre + 1.4 * shares[0] for optimizer, centre in centres.items()}
    decay, dropout = -3.7 + shares[1], 0.1 + 0.4 * shares[2]
    layers, batch = 2 + int(4 * shares[3]), 4.5 + 3 * shares[4]

    def function(config: Config) -> float:
        rate, optimizer = math.log10(config["rate"]), config["optimizer"]
        off = (rate - centres[optimizer]) ** 2
        error = 0.06 + 0.05 * off / (1 + 0.1 * off) + 0.3 / math.sqrt(config["units"])
        error += 0.004 * (math.log2(config["batch"]) - batch) ** 2 + 0.005 * (config["layers"] - layers) ** 2
        error += {"sgd": 0.01, "adam": 0.0, "rmsprop": 0.005}[optimizer]
        error += 0.04 * abs(config["dropout"] - dropout) + 0.01 * abs(math.log10(config["decay"]) - decay)
        if config["units"] > 300 and config["decay"] < 1e-4:
            error += 0.03  # a large network without decay overfits
        return float(min(error, 0.9)) if rate < centres[optimizer] + 1.5 else 0.9

    optimum = {"rate": 10 ** centres["adam"], "decay": 10**decay, "dropout": dropout, "units": 1024}
    optimum |= {"layers": layers, "optimizer": "adam"}
    best = min(function(optimum | {"batch": 2**power}) for power in range(3, 10))
    return Problem("training_like", _TRAINING_SPACE, function, best)


def conditional(shares: np.ndarray) -> Problem:
    """Three models, each with its own hyperparameters."""
    c, gamma = 0.3 + 2 * shares[0], -3.2 + 2 * shares[1]
    depth, rate, units = 6 + 16 * shares[2], -3.6 + 2 * shares[3], 5.5 + 3.5 * shares[4]

    def function(config: Config) -> float:
        if config["model"] == "svm":
            off = (math.log10(config["c"]) - c) ** 2 + (math.log10(config["gamma"]) - gamma) ** 2
            return float(0.2 + 0.05 * off**0.8)
        if config["model"] == "forest":
            return float(0.25 + 0.5 / config["trees"] ** 0.5 + 0.02 * abs(config["depth"] - depth) ** 0.7)
        error = 0.14 + 0.06 * abs(math.log10(config["rate"]) - rate) ** 1.4 + 0.03 * abs(config["layers"] - 2)
        for layer in range(1, config["layers"] + 1):
            error += 0.02 * abs(math.log2(config[f"units{layer}"]) - units)
        return float(error)

    best_units = min((int(2**units), int(2**units) + 1), key=lambda each: abs(math.log2(each) - units))
    best = {"model": "network", "rate": 10**rate, "layers": 2, "units1": best_units, "units2": best_units}
    return Problem("conditional", _CONDITIONAL_SPACE, function, function(best))


def recorded(name: str) -> Problem:
    """A table of learning curves: the error after the last epoch of the recorded config that is nearest.

    Where the training broke, its error is that of a guess.
    """
    curves = hpo.replay_curves(name)
    final = np.nan_to_num(curves.final, nan=0.9)
    return Problem(
        f"{name}_table", curves.space, lambda config: float(final[curves.nearest(config)]), float(final.min())
    )


def all_problems(seed: int) -> list[Problem]:
    """The instances of one seed."""

    def shares(name: str, count: int) -> np.ndarray:
        return uniforms(seed, "optima", name, shape=(count,))

    problems = [
        continuous("branin", branin, moved([(-5, 10), (0, 15)], 0.15, shares("branin", 2)), 0.397887),
        continuous("hartmann3", hartmann, moved([(0, 1)] * 3, 0.1, shares("hartmann3", 3)), -3.86278),
        continuous("hartmann6", hartmann, moved([(0, 1)] * 6, 0.1, shares("hartmann6", 6)), -3.32237),
    ]
    for count in (2, 5, 10, 20):
        for function, centre, width in ((ackley, 0, 25), (levy, 1, 18), (rosenbrock, 1, 13)):
            name = f"{function.__name__}{count}"
            problems.append(continuous(name, function, around(centre, width, shares(name, count)), 0.0))
    of_learners = {
        "svm": (learners.SVM_SPACE, learners.svm),
        "mlp": (learners.MLP_SPACE, learners.mlp),
        "forest": (learners.FOREST_SPACE, learners.forest),
        "boosting": (learners.BOOSTING_SPACE, learners.boosting),
    }
    return [
        *problems,
        mixed_ackley(shares("mixed_ackley", 7)),
        training_like(shares("training_like", 5)),
        conditional(shares("conditional", 5)),
        *(recorded(name) for name in ("softmax", "mlp", "lenet")),
        *(
            Problem(name, space, functools.partial(function, seed=seed), None)
            for name, (space, function) in of_learners.items()
        ),
    ]
