"""A search in a process of its own, to be killed: python victim.py FILE EXECUTOR."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import hpo
from hpo.datasets import fashion_mnist
from hpo.tasks import SoftmaxTask

WORKERS = {"serial": 1, "cohort": 1, "processes": 2}
SPACE = {"rate": hpo.Float(0.01, 1, log=True), "units": hpo.Int(1, 64)}
NUM_TRIALS = 40


def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
    weights = np.full(config["units"], 1.0)
    trial.checkpoint(model=weights)
    for _ in trial.epochs(3):
        time.sleep(0.01)
        weights *= 1 - 0.5 * config["rate"]
        yield {"error": float(np.square(weights).mean())}


told: list[hpo.study.Event] = []


def announce(event: hpo.study.Event, study: hpo.Study) -> None:
    if not told:
        print("under way", flush=True)
    told.append(event)


def what(executor: str) -> tuple[Callable[..., Any], Any, int, str]:
    """The objective, its space, the number of trials and the metric."""
    if executor != "cohort":
        return train, SPACE, NUM_TRIALS, "error"
    task = SoftmaxTask(max_epochs=20, data=fashion_mnist("sample"))
    return task, task.space, 8, task.metric


if __name__ == "__main__":
    file, executor = sys.argv[1:]
    objective, space, num_trials, metric = what(executor)
    study = hpo.search(
        objective,
        space,
        minimize=metric,
        num_trials=num_trials,
        seed=0,
        workers=WORKERS[executor],
        storage=file,
        name="killed",
        resume=True,
        keep="all",
        callbacks=[announce],
    )
    print("done", flush=True)
