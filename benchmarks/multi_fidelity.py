"""How soon schedulers find a good config: ours and others' on the same learning curves, seeds and configs.

    python benchmarks/multi_fidelity.py                          # all that is installed, 20 seeds
    python benchmarks/multi_fidelity.py --tables mlp --workers 1 --seeds 5 --contenders random asha
    python benchmarks/multi_fidelity.py --tables mine.npz --plot mine.png

`pip install optuna syne-tune` brings the others. A table is one that ships with the library, a file of
`hpo.record_curves(study).save(...)`, or `modelled-N`: curves that cross, drawn with seed N. The incumbent is
the best value of a full training, so that no fidelities are mixed. What is said: the epochs (of all trials
together) and the seconds on the virtual clock that it took the median seed to come within 0.005 (`--near`)
of the table's best, with quartiles; a dash where it did not within the budget; and how far the incumbent is
from the best at the end. `oracle` trains the table's best config first and the others as random search does:
what it needs with several workers is what these train in the meantime.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))
from contenders.halving import CONTENDERS, Trace
from results_file import Table, add_save, save, versions_behind

import hpo
from hpo.tasks.curves import SHIPPED, LearningCurves

NEEDS = {"optuna": "optuna", "syne": "syne_tune"}


def installed(contender: str) -> bool:
    module = NEEDS.get(contender.split()[0])
    return module is None or importlib.util.find_spec(module) is not None


def table(name: str) -> LearningCurves:
    kind, _, number = name.partition("-")
    return modelled(int(number)) if kind == "modelled" else hpo.replay_curves(name)


def modelled(seed: int, num_configs: int = 300, epochs: int = 27) -> LearningCurves:
    """Power laws that fall to a floor, slowly where the rate is small, with noise: they cross."""
    random = np.random.default_rng(seed)
    space = hpo.Space(
        {"rate": hpo.Float(1e-4, 1, log=True), "size": hpo.Int(8, 512, log=True), "z": hpo.Float(0, 1)}
    )
    configs = space.sample(seed, n=num_configs)
    best_rate, best_z = random.uniform(-3, -1), random.uniform(0.2, 0.8)
    x = np.arange(1, epochs + 1)
    rate = np.log10([config["rate"] for config in configs])
    size = np.log2([config["size"] for config in configs])
    z = np.array([config["z"] for config in configs])
    floor = 0.1 + 0.05 * np.abs(rate - best_rate) + 0.1 * np.abs(z - best_z) + 0.01 * (9 - size)
    # Small rates and large models start slowly.
    power = np.clip(0.9 + 0.25 * (rate - best_rate) - 0.05 * (size - 6), 0.15, 2.0)
    start = 0.6 + 0.2 * random.random(num_configs)
    curves = floor[:, None] + (start - floor)[:, None] * x[None, :] ** -power[:, None]
    curves += 0.004 * random.standard_normal(curves.shape)
    seconds = np.repeat((0.5 + 2.0 ** (size - 8))[:, None], epochs, axis=1)
    values = {"error": np.clip(curves, 0, 1), "seconds": seconds}
    metric, lengths = hpo.study.Metric("error"), [epochs] * num_configs
    return LearningCurves(
        name=f"modelled-{seed}", space=space, metric=metric, configs=configs, values=values, lengths=lengths
    )


def came_near(trace: Trace, goal: float) -> tuple[float, float]:
    """The epochs and the seconds that it took; infinite if it did not."""
    return next(((epochs, seconds) for epochs, seconds, best in trace if best <= goal), (math.inf, math.inf))


def low_middle_high(values: list[float]) -> list[float]:
    """The lower quartile, the median and the upper quartile."""
    return list(np.quantile(values, [0.25, 0.5, 0.75], method="nearest"))


def tables_of(name: str, rows: list[list[Any]]) -> list[Table]:
    """The medians with a column for each number of workers, and all figures."""
    workers = list(dict.fromkeys(row[0] for row in rows))
    medians: dict[str, list[Any]] = {}
    for row in rows:
        medians.setdefault(row[1], [row[1]]).append(row[3])
    short = [f"{each} {'worker' if each == 1 else 'workers'}, epochs" for each in workers]
    parts = ("lower quartile", "median", "upper quartile")
    units = [f"{unit}, {part}" for unit in ("epochs", "s") for part in parts]
    return [
        Table(name, ["scheduler", *short], list(medians.values())),
        Table(f"{name}, all figures", ["workers", "scheduler", *units, "above the best at the end"], rows),
    ]


def quartiles(values: list[float]) -> str:
    low, middle, high = low_middle_high(values)
    return f"{shown(middle):>7} ({shown(low)} to {shown(high)})"


def shown(value: float) -> str:
    return "-" if math.isinf(value) else f"{value:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", nargs="+", default=[*SHIPPED, "modelled-0"])
    parser.add_argument("--contenders", nargs="+", default=[name for name in CONTENDERS if installed(name)])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 4, 16])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trainings", type=int, default=60, help="the budget, in full trainings")
    parser.add_argument("--near", type=float, default=0.005, help="so near to the best is near enough")
    parser.add_argument("--plot", type=Path, help="where to draw the incumbents")
    parser.add_argument("--scale", action="store_true", help="how long 5,000 trials on 200 workers take")
    add_save(parser)
    options = parser.parse_args()
    if options.scale:
        show_scale()
        return
    if options.plot and importlib.util.find_spec("matplotlib") is None:
        parser.error("--plot needs Matplotlib: pip install matplotlib.")
    traces: dict[tuple[str, int, str], list[Trace]] = {}
    found: dict[str, list[list[Any]]] = {}
    with threadpool_limits(1):
        for name in options.tables:
            curves = table(name)
            budget = options.trainings * curves.max_epochs
            size = f"{len(curves)} configs, {curves.max_epochs} epochs, best {curves.best:.4f}"
            print(f"\n{name}: {size}, budget {budget} epochs")
            best = curves.metric.sign * curves.best
            for workers in options.workers:
                header = (
                    f"{f'workers: {workers}':22} {f'epochs to within {options.near:g}':26} {'seconds':26}"
                )
                print(f"  {header} above the best at the end")
                for contender in options.contenders:
                    runs = [
                        CONTENDERS[contender](curves, workers, budget, seed) for seed in range(options.seeds)
                    ]
                    traces[name, workers, contender] = runs
                    near = [came_near(run, best + options.near) for run in runs]
                    regrets = [run[-1][2] - best for run in runs]
                    print(
                        f"    {contender:20} {quartiles([epochs for epochs, _ in near]):26} "
                        f"{quartiles([seconds for _, seconds in near]):26} {np.median(regrets):.4f}",
                        flush=True,
                    )
                    epochs, seconds = (low_middle_high(list(each)) for each in zip(*near, strict=True))
                    row = [workers, contender, *epochs, *seconds, np.median(regrets)]
                    found.setdefault(name, []).append(row)
    tables = [each for name, rows in found.items() for each in tables_of(name, rows)]
    save(options.save, tables, versions_behind(options.contenders))
    if options.plot:
        draw(traces, options)


def show_scale() -> None:
    """Simulate 5,000 trials on 200 workers with each scheduler."""
    curves = hpo.replay_curves("softmax")
    for name in ("asha", "asha-stopping", "hyperband", "successive-halving", "median"):
        start = time.perf_counter()
        study = hpo.search(
            curves,
            curves.space,
            minimize="val_error",
            scheduler=name,
            num_trials=5000,
            seed=0,
            executor=hpo.SimulatedExecutor(200),
            progress=False,
        )
        seconds = time.perf_counter() - start
        count, simulated = len(study.events), study.events[-1].elapsed
        print(f"{name:20} {seconds:5.1f} s for {count:,} events, {simulated:.0f} s simulated")


def draw(traces: dict[tuple[str, int, str], list[Trace]], options: Any) -> None:
    """The incumbent's median distance over epochs and over time, with bands between the quartiles."""
    from matplotlib.figure import Figure

    shape = (2 * len(options.tables), len(options.workers))
    figure = Figure(figsize=(5 * shape[1], 4 * shape[0]), layout="constrained")
    axes = figure.subplots(*shape, squeeze=False)
    for (name, workers, contender), runs in traces.items():
        curves, colour = table(name), f"C{options.contenders.index(contender)}"
        for row, label in enumerate(("epochs trained by all trials", "seconds on the virtual clock")):
            ax = axes[2 * options.tables.index(name) + row][options.workers.index(workers)]
            ends = [run[-1][row] for run in runs]
            grid = np.geomspace(min(run[curves.max_epochs - 1][row] for run in runs), max(ends), 200)
            regrets = np.array([at(run, row, grid) for run in runs]) - curves.metric.sign * curves.best
            # On a logarithmic axis there is no room for the best itself, which the oracle is from the start.
            regrets = np.maximum(regrets, 1e-4)
            low, middle, high = np.quantile(regrets, [0.25, 0.5, 0.75], axis=0, method="nearest")
            ax.plot(grid, middle, color=colour, label=contender)
            ax.fill_between(grid, low, high, color=colour, alpha=0.12, linewidth=0)
            ax.set(title=f"{name}, workers: {workers}", xscale="log", yscale="log")
            ax.set(xlabel=label, ylabel="incumbent's distance from the best, or 0.0001")
    axes[0][0].legend(fontsize="x-small")
    figure.savefig(options.plot, dpi=110)


def at(trace: Trace, column: int, grid: Any) -> Any:
    """The incumbent's value after so many epochs, or seconds; infinite before the first."""
    spent = np.array([entry[column] for entry in trace])
    best = np.array([entry[2] for entry in trace])
    place = np.searchsorted(spent, grid, side="right") - 1
    return np.where(place >= 0, best[np.maximum(place, 0)], np.inf)


if __name__ == "__main__":
    main()
