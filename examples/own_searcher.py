"""A searcher of one's own: every second config is the best one so far with one hyperparameter drawn anew."""

import argparse

import hpo
import hpo_numpy as d2l
from hpo.searchers import Proposal, Searcher


class OneChange(Searcher):
    """For spaces without conditions, whose configs all have the same hyperparameters."""

    def ask(self, study, n):
        draws = enumerate(study.space.sample(study.seed, n=n, start=study.num_proposals), study.num_proposals)
        return [Proposal(self.changed(study, number, config)) for number, config in draws]

    def changed(self, study, number, config):
        if number % 2 == 0 or not study.num_completed:
            return config
        names = list(config)
        name = names[number // 2 % len(names)]
        return {**study.best.config, name: config[name]}


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--trials", type=int, default=12)
arguments = parser.parse_args()

data = d2l.FashionMNIST(batch_size=64)
space = {"learning_rate": hpo.Float(1e-3, 1, log=True), "units": hpo.Int(8, 128, log=True)}


def objective(config):
    model = d2l.MLP(10, [config["units"]], lr=config["learning_rate"])
    yield from d2l.Trainer(max_epochs=arguments.epochs).epochs(model, data)


for searcher in (OneChange(), hpo.RandomSearch()):
    study = hpo.search(
        objective,
        space,
        minimize="val_error",
        searcher=searcher,
        num_trials=arguments.trials,
        seed=0,
    )
    print(f"{type(searcher).__name__}: {study.best.value:.4f} with {study.best.config}")
