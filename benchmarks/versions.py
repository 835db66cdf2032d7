"""Two checkouts of this library side by side in one run: what a rearrangement costs.

    git worktree add ../before v0.1.0
    python benchmarks/versions.py ../before . --rounds 5

Each measurement is a process of its own on one thread, in the environment of this Python, which has what the
checkouts need but reads `hpo` and the backends from each checkout in turn. The rounds are interleaved, and
medians and their ratio are shown: below 1 is quicker than before.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
HELP = "import sys; sys.argv = ['hpo', '--help']; from hpo.cli.entry import main; main()"


class Part(NamedTuple):
    """Something to measure.

    Attributes:
        label: what the table calls it.
        command: what Python runs, in the checkout.
        read: the number, from what it prints and from how many seconds it ran.
    """

    label: str
    command: list[str]
    read: Callable[[str, float], float]


def epoch(printed: str, whole: float) -> float:
    """Seconds of a configuration's epoch."""
    return statistics.median(json.loads(printed.splitlines()[-1])["seconds"])


def rate(printed: str, whole: float) -> float:
    """Seconds a trial, from trials a second."""
    return 1 / float(printed.splitlines()[-1])


def proposal(printed: str, whole: float) -> float:
    """Seconds a proposal, from the median in milliseconds."""
    [number] = re.findall(r"^\w+ +([\d.]+) \(", printed, re.MULTILINE)
    return float(number) / 1e3


def process(printed: str, whole: float) -> float:
    """Seconds of the whole process."""
    return whole


def parts(folder: str, epochs: int) -> list[Part]:
    job, stored = "benchmarks/contenders", "benchmarks/storage.py"
    proposals = ["benchmarks/proposals.py", "--clock", "cpu", "--rounds", "7", "--counts"]
    return [
        Part("import hpo", ["-c", "import hpo"], process),
        Part("hpo --help", ["-c", HELP], process),
        Part("main job, NumPy", [f"{job}/polyhpo_numpy.py", str(epochs)], epoch),
        Part("main job, PyTorch", [f"{job}/polyhpo_torch.py", str(epochs)], epoch),
        Part("ten together, NumPy", [f"{job}/cohort_numpy.py", str(epochs), "10"], epoch),
        Part("ten together, PyTorch", [f"{job}/cohort_torch.py", str(epochs), "10"], epoch),
        *(
            Part(f"{name} after {count}", [*proposals, str(count), "--searchers", name], proposal)
            for name in ("tpe", "gp")
            for count in (10, 100)
        ),
        Part("a trial in memory", [stored, "--part", json.dumps(["ours", 20_000, folder, None])], rate),
        Part("a trial in SQLite", [stored, "--part", json.dumps(["ours", 2_000, folder, "NEW.db"])], rate),
    ]


def measure(part: Part, checkout: Path, number: int) -> float:
    """The number of one part in one checkout."""
    paths = os.pathsep.join(map(str, (checkout, checkout / "backends")))
    one = {
        **dict.fromkeys(THREADS, "1"),
        "PYTHONPATH": paths,
        "PYTHONSAFEPATH": "",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [each.replace("NEW.db", f"{checkout.name}-{number}.db") for each in part.command]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], cwd=checkout, env={**os.environ, **one}, capture_output=True, text=True
    )
    whole = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{part.label} failed in {checkout}:\n{done.stderr[-2000:]}")
    return part.read(done.stdout, whole)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--only", help="parts whose label has this text")
    arguments = parser.parse_args()
    checkouts = [arguments.before.resolve(), arguments.after.resolve()]
    print(f"{'':24} {'before':>10} {'after':>10} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for part in parts(folder, arguments.epochs):
            if arguments.only and arguments.only not in part.label:
                continue
            found: list[list[float]] = [[], []]
            for number in range(arguments.rounds):
                for its, checkout in zip(found, checkouts, strict=True):
                    its.append(measure(part, checkout, number))
            before, after = map(statistics.median, found)
            print(
                f"{part.label:24} {1e3 * before:7.2f} ms {1e3 * after:7.2f} ms {after / before:7.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
