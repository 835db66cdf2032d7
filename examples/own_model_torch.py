"""Tune a model of your own in PyTorch: a perceptron whose width and learning rate are searched."""

import argparse

from torch import nn

import hpo
import hpo_torch as d2l


def make_net(units):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, units),
        nn.ReLU(),
        nn.Linear(units, 10),
    )


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--trials", type=int, default=10)
arguments = parser.parse_args()
data = d2l.FashionMNIST(batch_size=64)


def objective(config):
    model = d2l.Classification(make_net(config["units"]), lr=config["learning_rate"])
    yield from d2l.Trainer(max_epochs=arguments.epochs).epochs(model, data)


space = {
    "learning_rate": hpo.Float(1e-3, 1, log=True),
    "units": hpo.Int(16, 128, log=True),
}
study = hpo.search(objective, space, minimize="val_error", num_trials=arguments.trials, seed=0)
print(study)
print("best:", study.best.config, study.best.value)
