"""Configurations that train together, beside what people use today and beside our own one at a time.

    python benchmarks/cohorts.py --rounds 3 --epochs 3
    python benchmarks/cohorts.py --clock cpu                # on a machine with busy neighbours
    python benchmarks/cohorts.py --only numpy torch
    python benchmarks/cohorts.py --whole                    # `hpo run` as a process: time and memory

An epoch is 60,000 Fashion-MNIST images in batches of 16 and a validation on 10,000; the learning rates
are those of `hpo run`. Each contender is a process of its own (`contenders/<name>.py`) on one thread; the
rounds are interleaved, because machines are noisy, and medians are shown. For NumPy and torch the last column
is the share of the rate at which the same library multiplies matrices of 1024 by 1024, measured in the same
rounds: a configuration's epoch has 1.88 GFLOP, validation apart. The peers need `pip install optuna` and the
frameworks.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from results_file import Table, add_save, save, versions_behind

CONTENDERS = Path(__file__).parent / "contenders"
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
        "NPROC",
        "PJRT_NPROC",
    ),
    "1",
)
BACKENDS = ("numpy", "torch", "tensorflow", "mxnet", "jax")
PEERS = {
    "numpy": ("optuna_torch",),
    "torch": ("optuna_torch",),
    "tensorflow": ("keras_fit", "keras_fit_50_steps"),
    "mxnet": ("gluon",),
    "jax": ("flax_nnx",),
}
SIZES = {
    "numpy": (10, 32, 100),
    "torch": (10, 32, 100),
    "tensorflow": (10, 32),
    "mxnet": (10, 32),
    "jax": (10, 32, 100),
}


class Contender(NamedTuple):
    """A file of `contenders/` and how many models it trains at once."""

    name: str
    members: int = 1

    def __str__(self) -> str:
        return self.name if self.members == 1 else f"{self.name}, {self.members}"


def seconds_of(contender: Contender, epochs: int, clock: str) -> float:
    """The median seconds of a configuration's epoch in one process."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONSAFEPATH": "", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, CONTENDERS / f"{contender.name}.py", str(epochs), str(contender.members)],
        env=environment | {"HPO_BENCHMARK_CLOCK": clock},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"The contender {contender} failed:\n{done.stderr[-2000:]}")
    return statistics.median(json.loads(done.stdout.splitlines()[-1])["seconds"])


def contenders_of(backend: str) -> list[Contender]:
    ours = [Contender(f"polyhpo_{backend}"), *(Contender(f"cohort_{backend}", k) for k in SIZES[backend])]
    peers = [Contender(name) for name in PEERS[backend]]
    rate = [Contender(f"sgemm_{backend}")] if backend in ("numpy", "torch") else []
    return [*peers, *ours, *rate, Contender(f"mlp_{backend}"), Contender(f"mlp_{backend}", 10)]


def measure(contenders: Iterable[Contender], rounds: int, epochs: int, clock: str) -> dict[Contender, float]:
    seconds: dict[Contender, list[float]] = {contender: [] for contender in contenders}
    for number in range(rounds):
        for contender, its in seconds.items():
            its.append(seconds_of(contender, epochs, clock))
            print(f"round {number}: {contender}: {its[-1]:.4f} s", file=sys.stderr, flush=True)
    return {contender: statistics.median(its) for contender, its in seconds.items()}


def show(backend: str, median: dict[Contender, float]) -> None:
    """The lines of one backend."""
    alone = median[Contender(f"polyhpo_{backend}")]
    for peer in map(Contender, PEERS[backend]):
        print(f"| {backend} | {peer} | {1 / median[peer]:.2f} | | |")
    print(f"| {backend} | ours, one at a time | {1 / alone:.2f} | | |")
    bound = median.get(Contender(f"sgemm_{backend}"))
    for size in SIZES[backend]:
        its = median[Contender(f"cohort_{backend}", size)]
        against = ", ".join(f"{median[Contender(peer)] / its:.1f} x {peer}" for peer in PEERS[backend])
        against += f"; {alone / its:.1f} x one at a time"
        share = "" if bound is None else f"{100 * bound / its:.0f} %"
        print(f"| {backend} | ours, {size} together | {1 / its:.2f} | {against} | {share} |")
    single, several = median[Contender(f"mlp_{backend}")], median[Contender(f"mlp_{backend}", 10)]
    print(f"| {backend} | perceptrons, 10 in a run | | {single / several:.2f} x one | |")


def tables_of(backends: Iterable[str], median: dict[Contender, float]) -> list[Table]:
    """The same for the site."""
    own: list[list[Any]] = []
    beside: list[list[Any]] = []
    for backend in backends:
        alone, bound = median[Contender(f"polyhpo_{backend}")], median.get(Contender(f"sgemm_{backend}"))
        own.append([backend, "softmax regression", 1, 1 / alone, 1.0, None])
        for size in SIZES[backend]:
            its = median[Contender(f"cohort_{backend}", size)]
            share = None if bound is None else 100 * bound / its
            own.append([backend, "softmax regression", size, 1 / its, alone / its, share])
            beside += [[backend, size, peer, median[Contender(peer)] / its] for peer in PEERS[backend]]
        single, several = median[Contender(f"mlp_{backend}")], median[Contender(f"mlp_{backend}", 10)]
        for size, its in ((1, single), (10, several)):
            own.append([backend, "perceptron", size, 1 / its, single / its, None])
    columns = ["backend", "model", "configs together", "config-epochs/s", "speed beside one at a time"]
    return [
        Table("Together and one at a time", [*columns, "share of the matrix rate, %"], own),
        Table("Beside a peer", ["backend", "configs together", "peer", "speed beside it"], beside),
    ]


def whole(backends: Iterable[str], rounds: int) -> Table:
    """`hpo run` as a process, with imports, data and plot."""
    print("| backend | seconds | seconds of processor | peak MiB |\n|---|---|---|---|")
    rows: list[list[Any]] = []
    picture = Path(tempfile.gettempdir()) / "cohorts.png"
    for backend in backends:
        walls, cpus = [], []
        for _ in range(rounds):
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "hpo", "run", "--plot", str(picture), "--backend", backend],
                env={**os.environ, **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "2"},
                stdout=subprocess.DEVNULL,
                check=True,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            walls.append(time.perf_counter() - began)
            cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        wall, cpu = statistics.median(walls), statistics.median(cpus)
        # The largest process so far: backends come in the order of their sizes.
        print(f"| {backend} | {wall:.1f} | {cpu:.1f} | {peak:.0f} |", flush=True)
        rows.append([backend, wall, cpu, peak])
    return Table("A whole run as a process", ["backend", "s", "s of processor", "peak, MiB"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--only", nargs="+", choices=BACKENDS, default=BACKENDS, metavar="BACKEND")
    parser.add_argument("--whole", action="store_true")
    add_save(parser)
    arguments = parser.parse_args()
    if arguments.whole:
        table = whole(arguments.only, arguments.rounds)
        save(arguments.save, [table], versions_behind(arguments.only))
        return
    contenders = dict.fromkeys(one for backend in arguments.only for one in contenders_of(backend))
    median = measure(contenders, arguments.rounds, arguments.epochs, arguments.clock)
    print("| backend | contender | configuration-epochs a second | against | share of sgemm |")
    print("|---|---|---|---|---|")
    for backend in arguments.only:
        show(backend, median)
    save(arguments.save, tables_of(arguments.only, median), versions_behind(map(str, contenders)))


if __name__ == "__main__":
    main()
