"""How good the configs are that searchers find: ours and others' on the same problems, seeds and budgets.

    python benchmarks/searchers.py                                  # everything that is installed: hours
    python benchmarks/searchers.py --searchers auto random --seeds 3 --budget 25 --problems branin levy5

The score of a run is 0 for the mean of random search with the same budget and 100 for the best known value;
it is at least -100, as where random search comes close to the best a small distance is a large number.
`--results FILE` keeps every run as a line of JSON; what is there already is not run again, so that a long
comparison can be interrupted, and made by several processes with a file each. `--show FILE ...` prints the
table of what is there. `results/` has such files, with versions: as long as a problem and a searcher stay as
they are, so do its runs.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import hpo

sys.path.insert(0, str(Path(__file__).parent))
from contenders.searching import CONTENDERS
from problems import all_problems

BUDGETS = (25, 50, 100)
NEEDS = {"optuna": "optuna", "smac": "smac", "hyperopt": "hyperopt", "nevergrad": "nevergrad"}

Runs = dict[tuple[str, str, int], list[float]]
"""The best value so far after each trial, by (searcher, problem, seed)."""


def installed(searcher: str) -> bool:
    module = NEEDS.get(searcher.split()[0])
    return module is None or importlib.util.find_spec(module) is not None


def read(paths: list[Path]) -> Runs:
    runs: Runs = {}
    for path in paths:
        for line in path.read_text().splitlines() if path.exists() else ():
            entry = json.loads(line)
            best = np.full(entry["trials"], np.inf)
            for trial, value in entry["improvements"]:
                best[trial:] = value
            runs[entry["searcher"], entry["problem"], entry["seed"]] = best.tolist()
    return runs


def line_of(searcher: str, problem: str, seed: int, best: list[float]) -> str:
    """A line of JSON for `read`."""
    package = NEEDS.get(searcher.split()[0])
    version = importlib.metadata.version(package) if package else hpo.__version__
    better = (trial for trial, value in enumerate(best) if trial == 0 or value < best[trial - 1])
    improvements = [(trial, float(f"{best[trial]:.9g}")) for trial in better]
    entry = {"searcher": searcher, "version": version, "problem": problem}
    return json.dumps(entry | {"seed": seed, "trials": len(best), "improvements": improvements})


def run_all(arguments: argparse.Namespace) -> Runs:
    runs = read([arguments.results] if arguments.results else [])
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for problem in all_problems(seed):
            if arguments.problems and problem.name not in arguments.problems:
                continue
            for searcher in arguments.searchers:
                if (searcher, problem.name, seed) in runs:
                    continue
                started = time.perf_counter()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    values = CONTENDERS[searcher](problem.space, problem.function, arguments.budget, seed)
                best = np.minimum.accumulate(values).tolist()
                runs[searcher, problem.name, seed] = best
                print(
                    f"{searcher:24} {problem.name:14} {seed:3} {best[-1]:10.4g}"
                    f" {time.perf_counter() - started:6.1f} s",
                    flush=True,
                )
                if arguments.results:
                    with arguments.results.open("a") as file:
                        file.write(line_of(searcher, problem.name, seed, best) + "\n")
    return runs


def regrets(runs: Runs, budget: int) -> dict[tuple[str, str, int], float]:
    """How far each run of enough trials stayed above the best value of its instance, known or seen."""
    bests = {
        (each.name, seed): each.best for seed in {seed for _, _, seed in runs} for each in all_problems(seed)
    }
    seen: dict[tuple[str, int], float] = defaultdict(lambda: np.inf)
    for (_, problem, seed), values in runs.items():
        seen[problem, seed] = min(seen[problem, seed], values[-1])
    found = {}
    for (searcher, problem, seed), values in runs.items():
        if len(values) < budget:
            continue
        best = bests[problem, seed]
        best = seen[problem, seed] if best is None else best
        found[searcher, problem, seed] = max(values[budget - 1] - best, 0.0)
    return found


def scores(runs: Runs, budget: int) -> dict[tuple[str, str], dict[int, float]]:
    """By (searcher, problem) the score of each seed, where random search was run with all of them."""
    found: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    above = regrets(runs, budget)
    random: dict[str, list[float]] = defaultdict(list)
    for (searcher, problem, _), regret in above.items():
        if searcher == "random":
            random[problem].append(regret)
    for (searcher, problem, seed), regret in above.items():
        if np.mean(random.get(problem, [0.0])) > 0:
            score = 100 * (1 - regret / np.mean(random[problem]))
            found[searcher, problem][seed] = float(max(score, -100))
    return found


def show(runs: Runs) -> None:
    """The tables: a column for each searcher, rows of mean scores and their standard errors over seeds."""
    for budget in BUDGETS:
        table = scores(runs, budget)
        columns = [name for name in CONTENDERS if any(key[0] == name for key in table)]
        problems = [each.name for each in all_problems(0) if any(key[1] == each.name for key in table)]
        if not columns:
            continue
        print(f"\nAfter {budget} trials (mean score over seeds +- standard error; 0 random, 100 best known)")
        print(" " * 16 + "".join(f"{name[:15]:>17}" for name in columns))
        for problem in problems:
            print(f"{problem:16}" + "".join(f"{cell(table.get((name, problem))):>17}" for name in columns))
        counts = {name: [len(table.get((name, each), ())) for each in problems] for name in columns}
        print(
            f"{'seeds':16}" + "".join(f"{f'{min(c)} to {max(c)}':>17}" for c in (counts[n] for n in columns))
        )


def show_pairs(runs: Runs, ours: str) -> None:
    """One searcher beside each other one, on the problems and seeds that both ran."""
    for budget in BUDGETS:
        table, above = scores(runs, budget), regrets(runs, budget)
        print(
            f"\nAfter {budget} trials, {ours} beside others on what both ran: mean score over problems "
            "+- standard error over seeds; who found the better config"
        )
        for name in CONTENDERS:
            common = {
                problem: sorted(seeds.keys() & table[name, problem].keys())
                for (searcher, problem), seeds in table.items()
                if searcher == ours and seeds.keys() & table.get((name, problem), {}).keys()
            }
            if name == ours or not common:
                continue
            texts = []
            for each in (ours, name):
                cells = [[table[each, problem][seed] for seed in seeds] for problem, seeds in common.items()]
                texts.append(mean_of(cells))
            gaps = np.array(
                [
                    above[ours, problem, seed] - above[name, problem, seed]
                    for problem, seeds in common.items()
                    for seed in seeds
                ]
            )
            better, worse = np.sum(gaps < -1e-6), np.sum(gaps > 1e-6)
            print(
                f"{name:24} {len(common):2} problems, {len(gaps):3} pairs: {texts[0]} against {texts[1]}; "
                f"better {better}, equal {len(gaps) - better - worse}, worse {worse}"
            )


def mean_of(cells: list[list[float]]) -> str:
    """The mean over problems of the means over seeds, each seed an independent run of each problem."""
    variances = [np.var(cell, ddof=1) / len(cell) for cell in cells if len(cell) > 1]
    error = np.sqrt(np.sum(variances)) / len(cells)
    return f"{np.mean([np.mean(cell) for cell in cells]):6.1f} +-{error:4.1f}"


def cell(found: dict[int, float] | None) -> str:
    if not found:
        return "-"
    values = list(found.values())
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.1f} +-{error:4.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    available = [name for name in CONTENDERS if installed(name)]
    parser.add_argument("--searchers", nargs="+", choices=list(CONTENDERS), default=available)
    parser.add_argument("--problems", nargs="+", choices=[each.name for each in all_problems(0)])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--budget", type=int, default=100)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--show", type=Path, nargs="+")
    parser.add_argument("--beside", default="auto", choices=list(CONTENDERS))
    arguments = parser.parse_args()
    with threadpool_limits(1):
        runs = read(arguments.show) if arguments.show else run_all(arguments)
        show(runs)
        show_pairs(runs, arguments.beside)


if __name__ == "__main__":
    main()
