"""Optuna's random search around the lean loop."""

import sys

import optuna
from _eager import tensors, train
from _ours import LEARNING_RATE, report

optuna.logging.set_verbosity(optuna.logging.WARNING)
data = tensors()
seconds: list[float] = []


def objective(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("learning_rate", LEARNING_RATE, LEARNING_RATE)
    spent, error = train(data, rate, int(sys.argv[1]))
    seconds.extend(spent)
    return error


study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(objective, n_trials=1)
report(seconds, study.best_value)
