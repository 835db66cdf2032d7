"""One of several processes that share a study on a server: python partner.py URL FOLDER."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import hpo
from hpo.storage import open_storage

SPACE = {"rate": hpo.Float(0.01, 1, log=True)}
NUM_TRIALS, NUM_EPOCHS = 40, 3
GATE = "go"
"""The file in the folder before which the second half of the trials does not begin."""


def opened(folder: Path, process: int) -> Path:
    """The file that says that a process has opened the storage."""
    return folder / f"opened-{process}"


gate: Path | None = None


def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
    while gate is not None and (trial.id or 0) >= NUM_TRIALS // 2 and not gate.exists():
        time.sleep(0.01)
    weights = np.ones(8)
    trial.checkpoint(model=weights)
    for _ in trial.epochs(NUM_EPOCHS):
        time.sleep(0.01)
        weights *= 1 - 0.5 * config["rate"]
        yield {"error": float(np.square(weights).mean())}


if __name__ == "__main__":
    url, folder = sys.argv[1:]
    gate = Path(folder) / GATE
    storage = open_storage(url, folder=folder)
    opened(Path(folder), os.getpid()).touch()
    study = hpo.search(
        train,
        SPACE,
        minimize="error",
        num_trials=NUM_TRIALS,
        seed=0,
        storage=storage,
        name="shared",
        resume=True,
    )
    print(study.num_completed, flush=True)
