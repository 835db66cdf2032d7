"""Search with several worker processes, which train at the same time."""

import argparse

import hpo
from hpo.tasks import MLPTask

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--trials", type=int, default=8)
parser.add_argument("--workers", type=int, default=2)
arguments = parser.parse_args()

if __name__ == "__main__":  # a worker process imports this file
    task = MLPTask(max_epochs=arguments.epochs)
    study = hpo.search(
        task,
        task.space,
        minimize=task.metric,
        num_trials=arguments.trials,
        seed=0,
        workers=hpo.Workers(arguments.workers),
    )
    print(study)
