"""What runs a problem with each searcher, ours and others', as the values in the order of the trials."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import hpo
from hpo.space import Choice, Constant, Domain, Float, Int, Ordinal

# One thread for all: the forest of SMAC would start a pool for each prediction, two thirds of its time.
os.environ["LOKY_MAX_CPU_COUNT"] = "1"

Run = Callable[["hpo.Space", Callable[[dict[str, Any]], float], int, int], list[float]]
"""(space, function, budget, seed) -> the values."""


class SpentError(Exception):
    """The budget is spent."""


class Counted:
    """A function that writes its values down and stops after so many."""

    def __init__(self, function: Callable[[dict[str, Any]], float], budget: int) -> None:
        self._function = function
        self._budget = budget
        self.values: list[float] = []

    def __call__(self, config: dict[str, Any]) -> float:
        """The value, if the budget is not spent."""
        if len(self.values) >= self._budget:
            raise SpentError
        self.values.append(self._function(config))
        return self.values[-1]


def ours(name: str) -> Run:
    def run(
        space: hpo.Space, function: Callable[[dict[str, Any]], float], budget: int, seed: int
    ) -> list[float]:
        counted = Counted(function, budget)
        hpo.search(
            counted, space, searcher=name, num_trials=budget, seed=seed, minimize="value", progress=False
        )
        return counted.values

    return run


def optuna(kind: str) -> Run:
    def run(
        space: hpo.Space, function: Callable[[dict[str, Any]], float], budget: int, seed: int
    ) -> list[float]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        samplers = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
            "tpe-multivariate": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True),
            "gp": lambda: optuna.samplers.GPSampler(seed=seed),
        }
        counted = Counted(function, budget)

        def objective(trial: Any) -> float:
            config: dict[str, Any] = {}
            for each in order(space):
                if exists(space, each, config):
                    config[each] = suggest(trial, each, space[each])
            return counted(config)

        optuna.create_study(sampler=samplers[kind]()).optimize(objective, n_trials=budget)
        return counted.values

    return run


def suggest(trial: Any, name: str, domain: Domain) -> Any:
    if isinstance(domain, Float):
        return trial.suggest_float(name, domain.low, domain.high, log=domain.log)
    if isinstance(domain, Int):
        return trial.suggest_int(name, domain.low, domain.high, log=domain.log)
    if isinstance(domain, Ordinal):
        return domain.values[trial.suggest_int(f"{name} index", 0, len(domain.values) - 1)]
    if isinstance(domain, Choice):
        return trial.suggest_categorical(name, domain.options)
    assert isinstance(domain, Constant)
    return domain.value


def order(space: hpo.Space) -> list[str]:
    """The names, each after those that decide about it; the benchmarks' spaces are written that way."""
    return list(space)


def exists(space: hpo.Space, name: str, config: dict[str, Any]) -> bool:
    return all(
        each.name in config and each.holds(config[each.name], space[each.name].rank)
        for each in space[name].conditions
    )


def hyperopt_space(space: hpo.Space) -> dict[str, Any]:
    """Every hyperparameter, whether it exists or not: Hyperopt has conditions on choices only."""
    import math

    from hyperopt import hp

    def dimension(name: str, domain: Domain) -> Any:
        if isinstance(domain, Float):
            if domain.log:
                return hp.loguniform(name, math.log(domain.low), math.log(domain.high))
            return hp.uniform(name, domain.low, domain.high)
        if isinstance(domain, Int) and domain.log:
            return hp.qloguniform(name, math.log(domain.low), math.log(domain.high), 1)
        if isinstance(domain, Int):
            return hp.quniform(name, domain.low, domain.high, 1)
        return hp.choice(name, listed(domain))

    return {name: dimension(name, domain) for name, domain in space.items()}


def listed(domain: Domain) -> list[Any]:
    return list(domain.decode([(place + 0.5) / domain.size for place in range(int(domain.size))]))


def hyperopt(
    space: hpo.Space, function: Callable[[dict[str, Any]], float], budget: int, seed: int
) -> list[float]:
    import logging

    import numpy as np
    from hyperopt import fmin, tpe

    logging.getLogger("hyperopt").setLevel(logging.ERROR)
    counted = Counted(function, budget)

    def objective(values: dict[str, Any]) -> float:
        return counted(hyperopt_config(space, values))

    fmin(
        objective,
        hyperopt_space(space),
        algo=tpe.suggest,
        max_evals=budget,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return counted.values


def hyperopt_config(space: hpo.Space, values: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name in order(space):
        if exists(space, name, config):
            value, domain = values[name], space[name]
            if isinstance(domain, Int):
                value = min(max(int(value), domain.low), domain.high)
            config[name] = value
    return config


def nevergrad(
    space: hpo.Space, function: Callable[[dict[str, Any]], float], budget: int, seed: int
) -> list[float]:
    import nevergrad as ng
    import numpy as np

    def dimension(domain: Domain) -> Any:
        if isinstance(domain, (Float, Int)):
            low, high = domain.low, domain.high
            made = ng.p.Log(lower=low, upper=high) if domain.log else ng.p.Scalar(lower=low, upper=high)
            return made.set_integer_casting() if isinstance(domain, Int) else made
        return (ng.p.TransitionChoice if isinstance(domain, Ordinal) else ng.p.Choice)(listed(domain))

    counted = Counted(function, budget)

    def objective(values: dict[str, Any]) -> float:
        config: dict[str, Any] = {}
        for name in order(space):
            if exists(space, name, config):
                config[name] = values[name]
        return counted(config)

    parameters = ng.p.Dict(**{name: dimension(domain) for name, domain in space.items()})
    parameters.random_state = np.random.RandomState(seed)
    ng.optimizers.NGOpt(parametrization=parameters, budget=budget).minimize(objective)
    return counted.values


def smac_space(space: hpo.Space, seed: int) -> Any:
    import ConfigSpace

    made = ConfigSpace.ConfigurationSpace(seed=seed)
    for name, domain in space.items():
        if isinstance(domain, Float):
            made.add(ConfigSpace.Float(name, (domain.low, domain.high), log=domain.log))
        elif isinstance(domain, Int):
            made.add(ConfigSpace.Integer(name, (domain.low, domain.high), log=domain.log))
        elif isinstance(domain, Ordinal):
            made.add(ConfigSpace.OrdinalHyperparameter(name, list(domain.values)))
        elif isinstance(domain, Choice):
            made.add(ConfigSpace.Categorical(name, list(domain.options)))
        else:
            raise TypeError(f"No parameter of SMAC's is written down for {domain!r}.")
    for name, domain in space.items():
        for condition in domain.conditions:
            parent = space[condition.name]
            values = [value for value in listed(parent) if condition.holds(value, parent.rank)]
            made.add(ConfigSpace.InCondition(made[name], made[condition.name], values))
    return made


def smac(
    space: hpo.Space, function: Callable[[dict[str, Any]], float], budget: int, seed: int
) -> list[float]:
    import tempfile
    from pathlib import Path

    from smac import HyperparameterOptimizationFacade, Scenario

    counted = Counted(function, budget)

    def objective(config: Any, seed: int = 0) -> float:
        return counted(plain(config))

    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            smac_space(space, seed),
            deterministic=True,
            n_trials=budget,
            seed=seed,
            output_directory=Path(folder),
        )
        HyperparameterOptimizationFacade(scenario, objective, overwrite=True, logging_level=50).optimize()
    return counted.values


def plain(config: Any) -> dict[str, Any]:
    """SMAC's config without NumPy's numbers."""
    return {name: getattr(value, "item", lambda v=value: v)() for name, value in dict(config).items()}


CONTENDERS: dict[str, Run] = {
    **{name: ours(name) for name in ("auto", "gp", "tpe", "random", "sobol", "local")},
    "optuna tpe": optuna("tpe"),
    "optuna tpe multivariate": optuna("tpe-multivariate"),
    "optuna gp": optuna("gp"),
    "smac": smac,
    "hyperopt": hyperopt,
    "nevergrad": nevergrad,
}
"""By the name in the tables."""
