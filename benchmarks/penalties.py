"""What penalties cost a searcher: a number worse than every result, returned where NaN says the same.

    python benchmarks/penalties.py [--searchers gp tpe] [--shares 0.6] [--sizes 100 1e9]

On a share of the space the objective returns the penalty. A cell is the mean over problems and seeds of the
logarithm (base 10) of the regret with penalties over the regret with NaN, and twice its standard error:
0 where the size of a penalty does not matter. The last column is the median regret with NaN.
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from functions import branin, hartmann
from threadpoolctl import threadpool_limits

import hpo
from hpo.randomness import uniforms
from hpo.searchers import searcher_named
from hpo.testing.by_hand import SearchByHand

Config = dict[str, Any]
Regret = Callable[[np.ndarray], float]

SIZES = (1.0, 100.0, 1e4, 1e9, 1e100, sys.float_info.max)
SHARES = (0.1, 0.3, 0.6, 0.8)


def bowl(seed: int) -> tuple[Regret, np.ndarray]:
    centre = 0.2 + 0.6 * uniforms(seed, "bowl", shape=(2,))
    return lambda x: float(np.mean((x - centre) ** 2)), centre


def of_branin(seed: int) -> tuple[Regret, np.ndarray]:
    low, width = np.array([-5.0, 0.0]), 15.0
    return (
        lambda x: (branin(low + width * x) - 0.39788735773) / 310,
        (np.array([math.pi, 2.275]) - low) / width,
    )


def of_hartmann(seed: int) -> tuple[Regret, np.ndarray]:
    return (
        lambda x: (hartmann(x) + 3.86277979) / 3.9,
        np.array([0.114589, 0.555649, 0.852547]),
    )


PROBLEMS = {"bowl": bowl, "branin": of_branin, "hartmann3": of_hartmann}
"""Name -> (seed -> the regret, below 1 on the unit cube, and its optimum)."""


def objective(problem: str, seed: int, share: float, penalty: float) -> tuple[hpo.Space, Any]:
    """A space and a function that returns the penalty on a share of it that does not hold the optimum."""
    function, optimum = PROBLEMS[problem](seed)
    weights = uniforms(seed, "weights", shape=optimum.shape)

    def distance(points: np.ndarray) -> np.ndarray:
        # Along one side for an even seed, all around for an odd one.
        apart = points - optimum
        return (apart @ weights if seed % 2 == 0 else np.sum(apart**2, axis=-1)) + 0.0

    border = np.quantile(distance(uniforms(0, "sample", shape=(4096, len(optimum)))), 1 - share)
    # An optimum on a corner of the space would lie beyond the border.
    border = max(float(border), 0.05)
    space = hpo.Space({f"x{place}": hpo.Float(0, 1) for place in range(len(optimum))})

    def score(config: Config) -> float:
        x = np.array(list(config.values()))
        return penalty if distance(x) > border else function(x)

    return space, score


@functools.cache
def regret(searcher: str, problem: str, seed: int, share: float, penalty: float, num_trials: int) -> float:
    space, score = objective(problem, seed, share, penalty)
    study = SearchByHand(searcher_named(searcher), space, score, seed=seed).run(num_trials)
    values = [trial.metrics["value"] for trial in study.trials if trial.state.value == "completed"]
    # A search that met nothing but penalties has the regret 1, as bad as any result; 1e-12 is round-off.
    return max(min([1.0, *values]), 1e-12)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--searchers", nargs="+", default=["gp", "tpe", "local", "random"])
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--sizes", nargs="+", type=float, default=list(SIZES))
    parser.add_argument("--shares", nargs="+", type=float, default=list(SHARES))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=40)
    options = parser.parse_args()
    warnings.simplefilter("error", RuntimeWarning)
    print(f"{'':16}" + "".join(f"{size:>14.3g}" for size in options.sizes) + f"{'with NaN':>12}")
    for searcher in options.searchers:
        for share in options.shares:
            runs = [(problem, seed) for problem in options.problems for seed in range(options.seeds)]
            regrets = {
                size: np.array([regret(searcher, *run, share, size, options.trials) for run in runs])
                for size in (math.nan, *options.sizes)
            }
            cells = []
            for size in options.sizes:
                logs = np.log10(regrets[size] / regrets[math.nan])
                error = np.std(logs, ddof=1) / math.sqrt(len(logs))
                cells.append(f"{np.mean(logs):6.2f} +-{2 * error:4.2f}")
            median = f"{np.median(regrets[math.nan]):12.1e}"
            print(
                f"{searcher:10}{share:6.0%}" + "".join(f"{cell:>14}" for cell in cells) + median, flush=True
            )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
