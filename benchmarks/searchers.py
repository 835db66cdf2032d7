"""How good the configs are that searchers find: ours and others' on the same problems, seeds and budgets.

    python benchmarks/searchers.py                                  # everything that is installed: hours
    python benchmarks/searchers.py --searchers auto random --seeds 3 --budget 25 --problems branin levy5

The score of a run is 0 for the mean of random search with the same budget and 100 for the best known value.
`--results FILE` keeps every run as a line of JSON; what is there already is not run again, so that a long
comparison can be interrupted, and made by several processes with a file each. `--show FILE ...` prints the
table of what is there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))
from contenders.searching import CONTENDERS
from problems import all_problems

BUDGETS = (25, 50, 100)
NEEDS = {"optuna": "optuna", "smac": "smac", "hyperopt": "hyperopt", "nevergrad": "nevergrad"}

Runs = dict[tuple[str, str, int], list[float]]
"""The values by (searcher, problem, seed)."""


def installed(searcher: str) -> bool:
    module = NEEDS.get(searcher.split()[0])
    return module is None or importlib.util.find_spec(module) is not None


def read(paths: list[Path]) -> Runs:
    runs: Runs = {}
    for path in paths:
        for line in path.read_text().splitlines() if path.exists() else ():
            entry = json.loads(line)
            runs[entry["searcher"], entry["problem"], entry["seed"]] = entry["values"]
    return runs


def run_all(arguments: argparse.Namespace) -> Runs:
    runs = read([arguments.results] if arguments.results else [])
    problems = [each for each in all_problems() if not arguments.problems or each.name in arguments.problems]
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for problem in problems:
            for searcher in arguments.searchers:
                if len(runs.get((searcher, problem.name, seed), ())) >= arguments.budget:
                    continue
                started = time.perf_counter()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    values = CONTENDERS[searcher](problem.space, problem.function, arguments.budget, seed)
                entry = {"searcher": searcher, "problem": problem.name, "seed": seed, "values": values}
                runs[searcher, problem.name, seed] = values
                print(
                    f"{searcher:24} {problem.name:14} {seed:3} {min(values):10.4g}"
                    f" {time.perf_counter() - started:6.1f} s",
                    flush=True,
                )
                if arguments.results:
                    with arguments.results.open("a") as file:
                        file.write(json.dumps(entry) + "\n")
    return runs


def lowest(runs: Runs) -> dict[str, float]:
    """The best known value of each problem: the minimum, or where nobody knows it what was seen."""
    seen: dict[str, float] = defaultdict(lambda: np.inf)
    for (_, problem, _), values in runs.items():
        seen[problem] = min(seen[problem], *values)
    return {each.name: seen[each.name] if each.best is None else each.best for each in all_problems()}


def scores(runs: Runs) -> dict[tuple[str, str, int], list[float]]:
    """The scores of all seeds by (searcher, problem, budget), where random search was run as well."""
    bests = lowest(runs)
    reached: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for (searcher, problem, _), values in runs.items():
        for budget in BUDGETS:
            if len(values) >= budget:
                reached[searcher, problem, budget].append(min(values[:budget]))
    found = {}
    for (searcher, problem, budget), lows in reached.items():
        random = reached.get(("random", problem, budget))
        if random:
            span = float(np.mean(random)) - bests[problem]
            found[searcher, problem, budget] = [100 * (1 - (low - bests[problem]) / span) for low in lows]
    return found


def show(runs: Runs) -> None:
    """The table: a column for each searcher, rows of mean scores and their standard errors over seeds."""
    table = scores(runs)
    searchers = [name for name in CONTENDERS if any(key[0] == name for key in table)]
    problems = [each.name for each in all_problems() if any(key[1] == each.name for key in table)]
    for budget in BUDGETS:
        columns = [name for name in searchers if any((name, each, budget) in table for each in problems)]
        if not columns:
            continue
        print(f"\nAfter {budget} trials (mean score over seeds +- standard error; 0 random, 100 best known)")
        print(" " * 16 + "".join(f"{name[:15]:>17}" for name in columns))
        for problem in problems:
            cells = [cell(table.get((name, problem, budget))) for name in columns]
            print(f"{problem:16}" + "".join(f"{text:>17}" for text in cells))
        common = [each for each in problems if all((name, each, budget) in table for name in columns)]
        means = [np.mean([np.mean(table[name, each, budget]) for each in common]) for name in columns]
        print(f"{f'mean of {len(common)}':16}" + "".join(f"{mean:>17.1f}" for mean in means))
        seeds = {name: max(len(table.get((name, each, budget), ())) for each in problems) for name in columns}
        print(f"{'seeds':16}" + "".join(f"{seeds[name]:>17}" for name in columns))


def show_pairs(runs: Runs, ours: str = "auto") -> None:
    """One searcher beside each other one, on the problems and seeds that both ran."""
    bests = lowest(runs)
    for budget in BUDGETS:
        reached = {key: min(values[:budget]) for key, values in runs.items() if len(values) >= budget}
        print(
            f"\nAfter {budget} trials, {ours} beside others on what both ran: median scores; who found better"
        )
        for name in [each for each in CONTENDERS if each not in (ours, "random")]:
            pairs = [
                (p, s)
                for n, p, s in reached
                if n == name and {(ours, p, s), ("random", p, s)} <= set(reached)
            ]
            if not pairs:
                continue
            medians = [
                np.median([score_of(reached, each, problem, seed, bests[problem]) for problem, seed in pairs])
                for each in (ours, name)
            ]
            gaps = np.array([reached[ours, p, s] - reached[name, p, s] for p, s in pairs])
            close = np.abs(gaps) <= 1e-6
            print(
                f"{name:24} {len(pairs):4} pairs, {len({p for p, _ in pairs})} problems: "
                f"{medians[0]:6.1f} against {medians[1]:6.1f}; better {np.sum((gaps < 0) & ~close)}, "
                f"equal {np.sum(close)}, worse {np.sum((gaps > 0) & ~close)}"
            )


def score_of(
    reached: dict[tuple[str, str, int], float], searcher: str, problem: str, seed: int, best: float
) -> float:
    """0 for the mean of random search over its seeds, 100 for the best known."""
    random = np.mean(
        [value for (name, where, _), value in reached.items() if (name, where) == ("random", problem)]
    )
    return float(100 * (1 - (reached[searcher, problem, seed] - best) / (random - best)))


def cell(values: list[float] | None) -> str:
    if values is None:
        return "-"
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.1f} +-{error:4.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    available = [name for name in CONTENDERS if installed(name)]
    parser.add_argument("--searchers", nargs="+", choices=list(CONTENDERS), default=available)
    parser.add_argument("--problems", nargs="+", choices=[each.name for each in all_problems()])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--budget", type=int, default=100)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--show", type=Path, nargs="+")
    arguments = parser.parse_args()
    with threadpool_limits(1):
        runs = read(arguments.show) if arguments.show else run_all(arguments)
        show(runs)
        show_pairs(runs)


if __name__ == "__main__":
    main()
