"""What the bookkeeping of a search costs, ours beside Optuna's, in one run.

    pip install optuna
    python benchmarks/storage.py --rounds 3

Random search over 7 hyperparameters with an objective that does nothing, in memory and in an SQLite file on
the same disk; opening a large study; memory per trial. Optuna's file is measured as Optuna makes it, and with
our settings (WAL, and no waiting for the disk at each commit). Each figure comes from a process of its own on
one thread. The rounds are interleaved, because machines are noisy, and medians are shown. Optuna's file gets
fewer trials, as its time per trial does not depend on their number so early.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from results_file import Table, add_save, save, versions_of

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NAMES = "abcdefg"


def space() -> Any:
    import hpo

    return {name: hpo.Float(1e-4, 1, log=True) for name in NAMES}


def nothing(config: dict[str, Any]) -> float:
    return 0.5


def reports(config: dict[str, Any], max_epochs: int = 1) -> Iterator[float]:
    for epoch in range(max_epochs):
        yield 0.5 + epoch


def ours(trials: int, folder: str, file: str | None) -> float:
    """Trials a second of a search."""
    import hpo

    where: dict[str, Any] = {} if file is None else {"storage": Path(folder, file), "name": "n"}
    hpo.search(nothing, space(), num_trials=1, seed=0, progress=False)  # what is imported at first use
    started = time.perf_counter()
    hpo.search(nothing, space(), num_trials=trials, seed=0, progress=False, **where)
    return trials / (time.perf_counter() - started)


def optuna(trials: int, folder: str, file: str | None) -> float:
    """Trials a second of Optuna's, as it is."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = None if file is None else f"sqlite:///{Path(folder, file)}"
    study = optuna.create_study(storage=url, sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial: Any) -> float:
        return nothing({name: trial.suggest_float(name, 1e-4, 1, log=True) for name in NAMES})

    study.optimize(objective, n_trials=1)
    started = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    return trials / (time.perf_counter() - started)


def optuna_tuned(trials: int, folder: str, file: str | None) -> float:
    """Trials a second of Optuna's, with our settings of SQLite."""
    from sqlalchemy import Engine, event

    @event.listens_for(Engine, "connect")
    def _(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    return optuna(trials, folder, file)


def fill(trials: int, folder: str, epochs: int) -> None:
    """A study with so many reports a trial, in a file; written at once, as only the reading is measured."""
    import functools

    import hpo
    from hpo.storage import open_storage

    study = hpo.search(
        functools.partial(reports, max_epochs=epochs), space(), num_trials=trials, seed=0, progress=False
    )
    first, *others = study.events
    storage = open_storage(Path(folder, f"{epochs}.db"))
    storage.create("n", first).append(others, 1)
    storage.close()


def opening(trials: int, folder: str, epochs: int) -> float:
    """Seconds to open a study of one report a trial."""
    import hpo

    started = time.perf_counter()
    study = hpo.load_study(Path(folder, f"{epochs}.db"), "n")
    seconds = time.perf_counter() - started
    assert len(study.trials) == trials
    return seconds


def memory(trials: int, folder: str, epochs: int) -> float:
    """Bytes a trial that a study keeps in memory."""
    import hpo

    hpo.load_study(Path(folder, f"{epochs}.db"), "n")  # what is imported at first use
    gc.collect()
    tracemalloc.start()
    study = hpo.load_study(Path(folder, f"{epochs}.db"), "n")
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / len(study.trials)


PARTS = {
    "ours": ours,
    "optuna": optuna,
    "optuna_tuned": optuna_tuned,
    "fill": fill,
    "opening": opening,
    "memory": memory,
}


def run(part: str, trials: int, folder: str, last: Any = None) -> float:
    """One part in a process of its own."""
    command = [sys.executable, __file__, "--part", json.dumps([part, trials, folder, last])]
    done = subprocess.run(
        command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"The part {part} failed:\n{done.stderr[-2000:]}")
    return float(json.loads(done.stdout.splitlines()[-1]) or 0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=100_000, help="the size of the large study")
    parser.add_argument(
        "--folder", help="where the files go: the disk to measure; a temporary one by default"
    )
    parser.add_argument("--part", help=argparse.SUPPRESS)
    add_save(parser)
    arguments = parser.parse_args()
    if arguments.part:
        name, *rest = json.loads(arguments.part)
        print(json.dumps(PARTS[name](*rest)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        tables = measure(arguments.rounds, arguments.trials, folder)
    save(arguments.save, tables, versions_of("sqlalchemy", "optuna"))


def measure(rounds: int, large: int, folder: str) -> list[Table]:
    for epochs in (1, 11):
        run("fill", large if epochs == 1 else large // 10, folder, epochs)
    found: dict[str, list[float]] = {}

    def note(label: str, *part: Any) -> None:
        found.setdefault(label, []).append(run(*part))

    for number in range(rounds):
        for trials in (large // 100, large // 10, large):
            note(f"ours in memory, {trials} trials", "ours", trials, folder)
        note("Optuna in memory", "optuna", 1_000, folder)
        note("ours in SQLite", "ours", 5_000, folder, f"ours-{number}.db")
        note("Optuna in SQLite", "optuna", 300, folder, f"optuna-{number}.db")
        note("Optuna in SQLite, our settings", "optuna_tuned", 300, folder, f"tuned-{number}.db")
        note("opening", "opening", large, folder, 1)
    median = {label: statistics.median(values) for label, values in found.items()}
    for label, value in median.items():
        if label != "opening":
            print(f"{label:32} {value:10,.0f} trials/s")
    ratios = []
    for mine, other in (
        (f"ours in memory, {large // 10} trials", "Optuna in memory"),
        ("ours in SQLite", "Optuna in SQLite"),
        ("ours in SQLite", "Optuna in SQLite, our settings"),
    ):
        print(f"{mine + ' / ' + other:64} {median[mine] / median[other]:6.1f} x")
        ratios.append([mine, other, median[mine] / median[other]])
    print(f"{f'opening {large} trials':32} {median['opening']:10.2f} s")
    one, eleven = run("memory", large, folder, 1), run("memory", large // 10, folder, 11)
    print(f"{'a trial with one report':32} {one:10,.0f} B in memory")
    print(f"{'each further report':32} {(eleven - one) / 10:10,.0f} B in memory")
    speeds = [[label, value] for label, value in median.items() if label != "opening"]
    kept = [["a trial with one report", one], ["each further report", (eleven - one) / 10]]
    return [
        Table("Ours beside Optuna", ["ours", "beside", "speed beside it"], ratios),
        Table("Trials of random search", ["where", "trials/s"], speeds),
        Table("A study is opened", ["trials", "s"], [[large, median["opening"]]]),
        Table("A study in memory", ["what", "bytes"], kept),
    ]


if __name__ == "__main__":
    main()
