"""Seconds of an epoch of each kind of model, on each backend, in interleaved processes of one thread.

    python benchmarks/networks.py --rounds 3 --only numpy torch jax

An epoch is in batches of 16; a validation is on 10,000 images. Compilation is left out. The seconds are those
of the processor. A backend whose framework is not installed is an error; choose others with `--only`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cohorts import BACKENDS, CONTENDERS, ONE_THREAD
from results_file import Table, add_save, save, versions_behind


def measure(backend: str, epochs: int) -> dict[str, list[float]]:
    """The seconds of training and of validation, for each kind of model."""
    done = subprocess.run(
        [sys.executable, CONTENDERS / "networks.py", str(epochs), backend],
        env={**os.environ, **ONE_THREAD, "PYTHONSAFEPATH": "", "HPO_BENCHMARK_CLOCK": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"The backend {backend} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=BACKENDS, default=BACKENDS, metavar="BACKEND")
    add_save(parser)
    arguments = parser.parse_args()
    rounds: dict[str, list[dict[str, list[float]]]] = {backend: [] for backend in arguments.only}
    for _ in range(arguments.rounds):
        for backend, its in rounds.items():
            its.append(measure(backend, arguments.epochs))
    rows = []
    for case in next(iter(rounds.values()))[0]:
        for backend, its in rounds.items():
            train, validate = (statistics.median(one[case][part] for one in its) for part in (0, 1))
            rows.append([case, backend, train, validate])
            print(f"{case:30} {backend:12} {train:8.3f} {validate:8.3f}")
    columns = ["model", "backend", "s an epoch", "s a validation"]
    save(arguments.save, [Table("Models on one thread", columns, rows)], versions_behind(arguments.only))


if __name__ == "__main__":
    main()
