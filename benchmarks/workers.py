"""What a second worker process brings to the main job, on a machine that has nothing else to do.

    python benchmarks/workers.py --rounds 3

The book's job (ten learning rates of softmax regression, ten epochs each, on Fashion-MNIST) by one worker and
by two, one thread each, with the start of the processes. The rounds are interleaved, and medians are shown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import hpo
from hpo.tasks import SoftmaxTask

sys.path.insert(0, str(Path(__file__).parent))
from results_file import Table, add_save, save, versions_behind


def seconds(task: SoftmaxTask, workers: int, trials: int, backend: str, fuse: str) -> float:
    """How long a search takes."""
    started = time.perf_counter()
    hpo.search(
        task,
        task.space,
        minimize=task.metric,
        num_trials=trials,
        seed=0,
        workers=hpo.Workers(workers),
        backend=backend,
        fuse="auto" if fuse == "auto" else int(fuse),
        progress=False,
    )
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--fuse", default="auto", help="as of `hpo run`; 1 trains one trial at a time")
    add_save(parser)
    options = parser.parse_args()
    task = SoftmaxTask(max_epochs=options.epochs)
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(options.rounds):
        for workers, values in found.items():
            values.append(seconds(task, workers, options.trials, options.backend, options.fuse))
    one, two = (statistics.median(values) for values in found.values())
    print(f"one worker {one:.1f} s, two workers {two:.1f} s: {one / two:.2f} times as fast")
    columns = ["workers", "seconds", "speed beside one worker"]
    table = Table("The main job", columns, [[1, one, 1.0], [2, two, one / two]])
    save(options.save, [table], versions_behind([options.backend]))


if __name__ == "__main__":
    main()
