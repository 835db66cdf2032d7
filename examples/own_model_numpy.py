"""Tune a model of your own in NumPy: a perceptron whose width and learning rate are searched."""

import argparse

import autograd.numpy as np

import hpo
import hpo_numpy as d2l


class Perceptron(d2l.Classification):
    def __init__(self, units, lr):
        super().__init__()
        self.lr = lr
        draw = np.random.default_rng(0).uniform
        self.parameters = {
            "layers.0.weight": draw(-1, 1, (784, units)).astype("float32") / 28,
            "layers.0.bias": np.zeros(units, "float32"),
            "layers.1.weight": draw(-1, 1, (units, 10)).astype("float32") / units**0.5,
            "layers.1.bias": np.zeros(10, "float32"),
        }

    def forward(self, x):
        p = self.parameters
        hidden = np.maximum(x.reshape(len(x), -1) @ p["layers.0.weight"] + p["layers.0.bias"], 0)
        return hidden @ p["layers.1.weight"] + p["layers.1.bias"]


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--trials", type=int, default=10)
arguments = parser.parse_args()
data = d2l.FashionMNIST(batch_size=64)


def objective(config):
    model = Perceptron(config["units"], lr=config["learning_rate"])
    yield from d2l.Trainer(max_epochs=arguments.epochs).epochs(model, data)


space = {
    "learning_rate": hpo.Float(1e-3, 1, log=True),
    "units": hpo.Int(16, 128, log=True),
}
study = hpo.search(objective, space, minimize="val_error", num_trials=arguments.trials, seed=0)
print(study)
print("best:", study.best.config, study.best.value)
