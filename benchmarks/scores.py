"""What the runs of searchers are worth: scores beside random search, and pairs of searchers."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from contenders.searching import CONTENDERS
from problems import all_problems
from results_file import Table

BUDGETS = (25, 50, 100)

Runs = dict[tuple[str, str, int], list[float]]
"""The best value so far after each trial, by (searcher, problem, seed)."""

Score = tuple[float, float]
"""A mean score and its standard error."""


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


class Pairs(NamedTuple):
    """A searcher beside another one, on the problems and seeds that both ran."""

    other: str
    problems: int
    pairs: int
    score: Score
    other_score: Score
    better: int
    equal: int
    worse: int


def pairs_of(runs: Runs, ours: str, budget: int) -> Iterator[Pairs]:
    """One searcher beside each other one."""
    table, above = scores(runs, budget), regrets(runs, budget)
    for name in CONTENDERS:
        common = {
            problem: sorted(seeds.keys() & table[name, problem].keys())
            for (searcher, problem), seeds in table.items()
            if searcher == ours and seeds.keys() & table.get((name, problem), {}).keys()
        }
        if name == ours or not common:
            continue
        means = [
            mean_of([[table[each, problem][seed] for seed in seeds] for problem, seeds in common.items()])
            for each in (ours, name)
        ]
        gaps = np.array(
            [
                above[ours, problem, seed] - above[name, problem, seed]
                for problem, seeds in common.items()
                for seed in seeds
            ]
        )
        better, worse = int(np.sum(gaps < -1e-6)), int(np.sum(gaps > 1e-6))
        equal = len(gaps) - better - worse
        yield Pairs(name, len(common), len(gaps), means[0], means[1], better, equal, worse)


def mean_of(cells: list[list[float]]) -> Score:
    """The mean over problems of the means over seeds, each seed an independent run of each problem."""
    variances = [np.var(cell, ddof=1) / len(cell) for cell in cells if len(cell) > 1]
    error = np.sqrt(np.sum(variances)) / len(cells)
    return float(np.mean([np.mean(cell) for cell in cells])), float(error)


def error_of(values: list[float]) -> float:
    """The standard error of a mean."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def tables_of(runs: Runs, ours: str) -> Iterator[Table]:
    """What is shown, for the site."""
    columns = [f"{ours} beside", "pairs", f"score of {ours}", "standard error", "score of the other"]
    columns += ["its standard error", "better", "equal", "worse"]
    for budget in BUDGETS:
        rows = [
            [each.other, each.pairs, *each.score, *each.other_score, each.better, each.equal, each.worse]
            for each in pairs_of(runs, ours, budget)
        ]
        if rows:
            yield Table(f"After {budget} trials", columns, rows)
    for budget in BUDGETS:
        table = scores(runs, budget)
        names = [name for name in CONTENDERS if any(key[0] == name for key in table)]
        problems = [each.name for each in all_problems(0) if any(key[1] == each.name for key in table)]
        for title, of in (("scores", np.mean), ("standard errors", error_of)):
            rows = [[each, *(_of(table.get((name, each)), of) for name in names)] for each in problems]
            if rows:
                yield Table(f"After {budget} trials, {title} by problem", ["problem", *names], rows)


def _of(found: dict[int, float] | None, function: Callable[[list[float]], float]) -> float | None:
    return function(list(found.values())) if found else None
