"""A search in a process of its own, to be killed: python victim.py FILE WORKERS."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import hpo

SPACE = {"rate": hpo.Float(0.01, 1, log=True), "units": hpo.Int(1, 64)}
NUM_TRIALS = 40


def train(config: dict[str, Any], trial: hpo.CurrentTrial) -> Iterator[dict[str, float]]:
    weights = np.full(config["units"], 1.0)
    trial.checkpoint(model=weights)
    for _ in trial.epochs(3):
        time.sleep(0.01)
        weights *= 1 - 0.5 * config["rate"]
        yield {"error": float(np.square(weights).mean())}


told: list[hpo.Event] = []


def announce(event: hpo.Event, study: hpo.Study) -> None:
    if not told:
        print("under way", flush=True)
    told.append(event)


if __name__ == "__main__":
    file, workers = sys.argv[1:]
    study = hpo.search(
        train,
        SPACE,
        minimize="error",
        num_trials=NUM_TRIALS,
        seed=0,
        workers=int(workers),
        storage=file,
        name="killed",
        resume=True,
        keep="all",
        callbacks=[announce],
    )
    print("done", flush=True)
