"""How soon a searcher learns what does not fit, where the best configs lie beside what fails.

    python benchmarks/memory_border.py [--searchers gp tpe random] [--seeds 10]

In each problem larger is better until a trial fails. A row shows how many of the last 20 trials of a search
failed, in percent, and the median of the best results. `chance` and `often` fail at random, one trial of ten
and of three, and have no border to learn.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import hpo
from hpo.searchers import searcher_named
from hpo.testing.by_hand import SearchByHand

Config = dict[str, Any]
LAST = 20


@dataclass(frozen=True)
class Problem:
    """A space, and what is minimised in it; NaN where a trial fails."""

    space: hpo.Space
    score: Callable[[Config], float]


def memory(config: Config) -> float:
    """The best value is nearly -1."""
    used = config["units"] * config["batch"] / 3000
    return math.nan if used > 1 else -used + abs(config["lr"] - 0.3)


def wide(config: Config) -> float:
    """As `memory`, with a rate on a log scale and little that fits."""
    used = config["units"] * config["batch"] / 2000
    return math.nan if used > 1 else -used + abs(math.log10(config["lr"]) + 3) / 3


def layered(config: Config) -> float:
    """Three sizes and a category share the memory; what they gain flattens."""
    used = config["units"] * config["layers"] * config["length"] * (2 if config["kind"] == "adam" else 1)
    error = 1 / math.log2(2 + config["units"] * config["layers"]) + abs(config["length"] - 200) / 1000
    return math.nan if used > 60_000 else error + (0.05 if config["kind"] == "sgd" else 0)


def circle(config: Config) -> float:
    """A round border, with the best place on it."""
    x, y = config["x"] - 0.5, config["y"] - 0.5
    return math.nan if x * x + y * y > 0.12 else -x - 0.5 * y


def by_chance(share: float) -> Callable[[Config], float]:
    """A bowl in which a share of the trials fails wherever they lie."""

    def score(config: Config) -> float:
        x, y, z = config["x"], config["y"], config["z"]
        # A hash of the config, so that a search is repeatable.
        drawn = (1e4 * math.sin(12.9898 * x + 78.233 * y + 37.719 * z)) % 1
        return math.nan if drawn < share else (x - 0.3) ** 2 + (y - 0.6) ** 2 + (z - 0.4) ** 2

    return score


UNIT = hpo.Float(0, 1)
PROBLEMS = {
    "memory": Problem(
        hpo.Space({"units": hpo.Int(1, 1000, log=True), "batch": hpo.Int(1, 100, log=True), "lr": UNIT}),
        memory,
    ),
    "memory, narrow": Problem(
        hpo.Space({"units": hpo.Int(16, 1024, log=True), "batch": hpo.Int(8, 256, log=True), "lr": UNIT}),
        memory,
    ),
    "memory, linear": Problem(
        hpo.Space({"units": hpo.Int(1, 1000), "batch": hpo.Int(1, 100), "lr": UNIT}), memory
    ),
    "wide": Problem(
        hpo.Space(
            {
                "units": hpo.Int(8, 4096, log=True),
                "batch": hpo.Int(1, 512, log=True),
                "lr": hpo.Float(1e-6, 1, log=True),
            }
        ),
        wide,
    ),
    "layered": Problem(
        hpo.Space(
            {
                "units": hpo.Int(8, 2048, log=True),
                "layers": hpo.Int(1, 8),
                "length": hpo.Int(16, 512, log=True),
                "kind": hpo.Choice(["adam", "sgd"]),
            }
        ),
        layered,
    ),
    "circle": Problem(hpo.Space({"x": UNIT, "y": UNIT}), circle),
    "chance": Problem(hpo.Space({"x": UNIT, "y": UNIT, "z": UNIT}), by_chance(0.1)),
    "often": Problem(hpo.Space({"x": UNIT, "y": UNIT, "z": UNIT}), by_chance(0.3)),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--searchers", nargs="+", default=["gp", "tpe", "random"])
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=60)
    options = parser.parse_args()
    print(f"{'':27}failed of the last {LAST}   median best")
    for name in options.problems:
        problem = PROBLEMS[name]
        for searcher in options.searchers:
            failed, best = [], []
            for seed in range(options.seeds):
                loop = SearchByHand(searcher_named(searcher), problem.space, problem.score, seed=seed)
                study = loop.run(options.trials)
                failed.append(np.mean([each.state.value == "failed" for each in study.trials[-LAST:]]))
                best.append(study.best.value)
            print(f"{name:16}{searcher:10}{np.mean(failed):18.0%}{np.median(best):16.5f}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
