"""Stop bad trials early: successive halving without waiting (ASHA) on the perceptron of the package."""

import argparse

import hpo
from hpo.tasks import MLPTask

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--trials", type=int, default=20)
arguments = parser.parse_args()

task = MLPTask(max_epochs=arguments.epochs)
study = hpo.search(
    task,
    task.space,
    minimize=task.metric,
    scheduler=hpo.ASHA(1, arguments.epochs, eta=3),
    num_trials=arguments.trials,
    seed=0,
)
print(study)
epochs = sum(len(trial.reports) for trial in study.trials)
print(f"{epochs} epochs in all; the best after one: trial {study.best_at(1).id}")
