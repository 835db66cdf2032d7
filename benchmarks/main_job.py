"""Seconds per epoch of the book's job, ours beside what people use today, in one run.

    python benchmarks/main_job.py --rounds 3 --epochs 3

Each contender is a process of its own (`contenders/<name>.py`) on one thread; the rounds are interleaved,
because machines are noisy, and medians are shown. An epoch is 60,000 Fashion-MNIST images in batches of
16 and a validation on 10,000. `start` is the time of the whole process less its epochs: imports, data,
first compilations.

A contender whose packages are not installed is an error; choose others with `--only`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from results_file import Table, add_save, save, versions_behind

CONTENDERS = Path(__file__).parent / "contenders"
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "NPROC",
        "PJRT_NPROC",
    ),
    "1",
)
DEFAULT = ["polyhpo_numpy", "polyhpo_torch", "polyhpo_torch_own_module", "torch_eager", "optuna_torch"]


def run(contender: str, epochs: int) -> dict[str, float]:
    """One process of a contender: its median seconds per epoch, its error, its whole time."""
    # A contender imports what stands beside it, which a safe path would forbid.
    machine = {"PYTHONSAFEPATH": "", "TF_NUM_INTEROP_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, CONTENDERS / f"{contender}.py", str(epochs)],
        env={**os.environ, **ONE_THREAD, **machine},
        capture_output=True,
        text=True,
        check=False,
    )
    whole = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"The contender {contender} failed:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    seconds = result["seconds"]
    return {
        "epoch": statistics.median(seconds),
        "start": whole - sum(seconds),
        "error": result["error"],
    }


def main() -> None:
    available = sorted(path.stem for path in CONTENDERS.glob("[a-z]*.py"))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=available, default=DEFAULT, metavar="NAME")
    add_save(parser)
    arguments = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {name: [] for name in arguments.only}
    for _ in range(arguments.rounds):
        for name in arguments.only:
            results[name].append(run(name, arguments.epochs))
    median = {
        name: {
            key: statistics.median(round_[key] for round_ in rounds) for key in ("epoch", "start", "error")
        }
        for name, rounds in results.items()
    }
    slowest = max(entry["epoch"] for entry in median.values())
    print(f"{'contender':24} {'s/epoch':>8} {'times the slowest':>18} {'start s':>8} {'error':>7}")
    rows = []
    for name, entry in sorted(median.items(), key=lambda item: item[1]["epoch"]):
        rows.append([name, entry["epoch"], slowest / entry["epoch"], entry["start"], entry["error"]])
        faster = f"{slowest / entry['epoch']:.1f} x"
        print(f"{name:24} {entry['epoch']:8.3f} {faster:>18} {entry['start']:8.2f} {entry['error']:7.4f}")
    columns = ["contender", "s an epoch", "speed beside the slowest", "start, s", "validation error"]
    save(arguments.save, [Table("The main job", columns, rows)], versions_behind(arguments.only))


if __name__ == "__main__":
    main()
