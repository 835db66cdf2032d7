"""How good the configs are that searchers find: ours and others' on the same problems, seeds and budgets.

    python benchmarks/searchers.py                                  # everything that is installed: hours
    python benchmarks/searchers.py --searchers auto random --seeds 3 --budget 25 --problems branin levy5

The score of a run is 0 for the mean of random search with the same budget and 100 for the best known value;
it is at least -100, as where random search comes close to the best a small distance is a large number.
`--results FILE` keeps every run as a line of JSON; what is there already is not run again, so that a long
comparison can be interrupted, and made by several processes with a file each. `--show FILE ...` prints the
table of what is there, in files or folders. `results/` has such files, with versions: as long as a problem
and a searcher stay as they are, so do its runs.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import hpo

sys.path.insert(0, str(Path(__file__).parent))
from contenders.searching import CONTENDERS
from problems import all_problems
from results_file import add_save, save, versions_behind
from scores import BUDGETS, Runs, error_of, pairs_of, scores, tables_of

NEEDS = {"optuna": "optuna", "smac": "smac", "hyperopt": "hyperopt", "nevergrad": "nevergrad"}


def installed(searcher: str) -> bool:
    module = NEEDS.get(searcher.split()[0])
    return module is None or importlib.util.find_spec(module) is not None


def files(paths: list[Path]) -> list[Path]:
    """These files of runs, and those of these folders."""
    return [each for path in paths for each in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]


def read(paths: list[Path]) -> Runs:
    runs: Runs = {}
    for path in files(paths):
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
        print(
            f"\nAfter {budget} trials, {ours} beside others on what both ran: mean score over problems "
            "+- standard error over seeds; who found the better config"
        )
        for each in pairs_of(runs, ours, budget):
            texts = [f"{mean:6.1f} +-{error:4.1f}" for mean, error in (each.score, each.other_score)]
            print(
                f"{each.other:24} {each.problems:2} problems, {each.pairs:3} pairs: "
                f"{texts[0]} against {texts[1]}; better {each.better}, equal {each.equal}, worse {each.worse}"
            )


def cell(found: dict[int, float] | None) -> str:
    if not found:
        return "-"
    values = list(found.values())
    return f"{np.mean(values):.1f} +-{error_of(values):4.1f}"


def about(paths: list[Path]) -> tuple[str, dict[str, str]]:
    """When the newest of these files of runs was committed, and the versions in their lines."""
    dates = [
        subprocess.run(
            ["git", "log", "-1", "--format=%cs", "--", path.name],
            cwd=path.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for path in files(paths)
    ]
    entries = [json.loads(line) for path in files(paths) for line in path.read_text().splitlines()]
    versions = {(NEEDS.get(e["searcher"].split()[0], "polyhpo"), e["version"]) for e in entries}
    found: dict[str, str] = {}
    for package, version in sorted(versions):
        found[package] = f"{found[package]} and {version}" if package in found else version
    return max(dates) or datetime.date.today().isoformat(), found


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
    parser.add_argument("--machine", help="where the runs of --show were made, for --save")
    add_save(parser)
    arguments = parser.parse_args()
    if arguments.save and arguments.show and not arguments.machine:
        parser.error("--save of runs that were made before needs --machine, which says where.")
    with threadpool_limits(1):
        runs = read(arguments.show) if arguments.show else run_all(arguments)
        show(runs)
        show_pairs(runs, arguments.beside)
        tables = list(tables_of(runs, arguments.beside)) if arguments.save else []
    if arguments.save and arguments.show:
        date, versions = about(arguments.show)
        save(arguments.save, tables, versions, date=date, machine={"processor": arguments.machine})
    else:
        save(arguments.save, tables, versions_behind(arguments.searchers))


if __name__ == "__main__":
    main()
