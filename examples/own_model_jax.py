"""Tune a model of your own in JAX: a perceptron whose width and learning rate are searched."""

import argparse

from flax import nnx

import hpo
import hpo_jax as d2l


def flatten(x):
    return x.reshape(len(x), -1)


def make_net(units):
    rngs = nnx.Rngs(d2l.get_key())
    return nnx.Sequential(
        flatten,
        nnx.Linear(784, units, rngs=rngs),
        nnx.relu,
        nnx.Linear(units, 10, rngs=rngs),
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
