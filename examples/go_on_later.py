"""Keep a study in a file. Run this script twice, or end it with Ctrl-C: the search goes on where it was."""

import argparse

import hpo
from hpo.tasks import SoftmaxTask

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--trials", type=int, default=10)
parser.add_argument("--storage", default="study.db")
arguments = parser.parse_args()

task = SoftmaxTask(max_epochs=arguments.epochs)
study = hpo.search(
    task,
    task.space,
    minimize=task.metric,
    num_trials=arguments.trials,
    seed=0,
    storage=arguments.storage,
    name="learning rate",
    resume=True,
)
print(study)
