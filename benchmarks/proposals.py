"""How long a searcher takes for a proposal, ours and others', on one thread.

    python benchmarks/proposals.py [--searchers tpe "optuna tpe"] [--rounds 5] [--clock cpu]

The space has 7 hyperparameters of mixed kinds. Each searcher is given 10, 100 and 1,000 results of the same
configs; what is timed is the proposal after each of a few more. Contenders take turns, so that a busy
machine slows all of them; the table shows medians in milliseconds. `--clock cpu` counts processor time, where
others use the machine, too.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import statistics
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

import hpo
from hpo.space import Choice, Float, Int, Ordinal

sys.path.insert(0, str(Path(__file__).parent))
from contenders.searching import hyperopt_config, hyperopt_space, plain, smac_space, suggest
from problems import all_problems
from results_file import Table, add_save, save, versions_behind

COUNTS = (10, 100, 1000)
PROBLEM = next(each for each in all_problems(0) if each.name == "training_like")

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

Timed = Iterator[float]
"""Each step proposes once and gives the seconds of it; the trial is then evaluated, untimed."""


def known(count: int) -> list[tuple[dict[str, Any], float]]:
    return [(config, PROBLEM.function(config)) for config in PROBLEM.space.sample(seed=1, n=count)]


Contender = Callable[[int, Callable[[], float]], Timed]
"""(how many results are known, clock) -> the times."""


def ours(name: str) -> Contender:
    def proposals(count: int, clock: Callable[[], float]) -> Timed:
        tuner = hpo.Tuner(None, PROBLEM.space, searcher=name, num_trials=1, seed=0, minimize="error")
        for config, value in known(count):
            tuner.add(config, value)
        while True:
            started = clock()
            trial = tuner.ask()
            yield clock() - started
            tuner.tell(trial, PROBLEM.function(trial.config))

    return proposals


def parameter(name: str, config: dict[str, Any]) -> Any:
    """A value as Optuna has it: of an `Ordinal`, its place."""
    if name in config:
        return config[name]
    domain = PROBLEM.space[name.removesuffix(" index")]
    assert isinstance(domain, Ordinal)
    return domain.values.index(config[name.removesuffix(" index")])


def optuna(kind: str) -> Contender:
    def proposals(count: int, clock: Callable[[], float]) -> Timed:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler}[kind](seed=0)
        study = optuna.create_study(sampler=sampler)
        # Optuna learns the distributions of a space from a trial that suggested them.
        first = study.ask()
        given = {name: suggest(first, name, domain) for name, domain in PROBLEM.space.items()}
        study.tell(first, PROBLEM.function(given))
        distributions = first.distributions
        for config, value in known(count - 1):
            params = {name: parameter(name, config) for name in distributions}
            study.add_trial(
                optuna.trial.create_trial(params=params, distributions=distributions, value=value)
            )
        while True:
            started = clock()
            trial = study.ask()
            config = {name: suggest(trial, name, domain) for name, domain in PROBLEM.space.items()}
            yield clock() - started
            study.tell(trial, PROBLEM.function(config))

    return proposals


def hyperopt(count: int, clock: Callable[[], float]) -> Timed:
    import logging

    from hyperopt import JOB_STATE_DONE, STATUS_OK, Trials, space_eval, tpe
    from hyperopt.base import Domain

    logging.getLogger("hyperopt").setLevel(logging.ERROR)
    space = hyperopt_space(PROBLEM.space)
    domain, trials = Domain(None, space), Trials()

    def insert(values: dict[str, Any], value: float) -> None:
        [number] = trials.new_trial_ids(1)
        vals = {name: [each] for name, each in values.items()}
        misc = {"tid": number, "cmd": None, "workdir": None, "idxs": {name: [number] for name in values}}
        result = {"loss": value, "status": STATUS_OK}
        [document] = trials.new_trial_docs([number], [None], [result], [misc | {"vals": vals}])
        document["state"] = JOB_STATE_DONE
        trials.insert_trial_doc(document)
        trials.refresh()

    for config, value in known(count):
        insert({name: option(name, each) for name, each in config.items()}, value)
    for seed in itertools.count():
        started = clock()
        [document] = tpe.suggest(trials.new_trial_ids(1), domain, trials, seed)
        values = {name: each[0] for name, each in document["misc"]["vals"].items()}
        config = hyperopt_config(PROBLEM.space, space_eval(space, values))
        yield clock() - started
        insert(values, PROBLEM.function(config))


def option(name: str, value: Any) -> Any:
    """A value as Hyperopt writes it down: of a choice its number."""
    domain = PROBLEM.space[name]
    options = getattr(domain, "options", getattr(domain, "values", None))
    return value if options is None else list(options).index(value)


def smac(count: int, clock: Callable[[], float]) -> Timed:
    import tempfile

    import ConfigSpace
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.runhistory import TrialInfo, TrialValue

    space = smac_space(PROBLEM.space, 0)
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space, deterministic=True, n_trials=100_000, seed=0, output_directory=Path(folder)
        )
        facade = HyperparameterOptimizationFacade(
            scenario,
            lambda config, seed=0: 0.0,
            initial_design=HyperparameterOptimizationFacade.get_initial_design(scenario, n_configs=1),
            overwrite=True,
            logging_level=50,
        )
        for config, value in known(count):
            made = ConfigSpace.Configuration(space, values=config)
            facade.tell(TrialInfo(made, seed=0), TrialValue(cost=value), save=False)
        while True:
            started = clock()
            trial = facade.ask()
            yield clock() - started
            facade.tell(trial, TrialValue(cost=PROBLEM.function(plain(trial.config))), save=False)


def hebo(count: int, clock: Callable[[], float]) -> Timed:
    import numpy as np
    import pandas as pd
    from hebo.design_space.design_space import DesignSpace
    from hebo.optimizers.hebo import HEBO

    optimizer = HEBO(DesignSpace().parse([hebo_range(name) for name in PROBLEM.space]), scramble_seed=0)
    trials = known(count)
    optimizer.observe(pd.DataFrame([config for config, _ in trials]), np.array([[v] for _, v in trials]))
    while True:
        started = clock()
        suggested = optimizer.suggest()
        yield clock() - started
        [config] = suggested.to_dict("records")
        optimizer.observe(suggested, np.array([[PROBLEM.function(config)]]))


def hebo_range(name: str) -> dict[str, Any]:
    """A hyperparameter as HEBO wants it; an `Ordinal` of powers of two is an exponent."""
    domain = PROBLEM.space[name]
    if isinstance(domain, Choice):
        return {"name": name, "type": "cat", "categories": list(domain.options)}
    if isinstance(domain, Ordinal):
        return {
            "name": name,
            "type": "int_exponent",
            "lb": domain.values[0],
            "ub": domain.values[-1],
            "base": 2,
        }
    assert isinstance(domain, (Float, Int))
    kind = {(Float, True): "pow", (Float, False): "num", (Int, True): "pow_int", (Int, False): "int"}
    return {
        "name": name,
        "type": kind[type(domain), domain.log],
        "lb": domain.low,
        "ub": domain.high,
        "base": 10,
    }


CONTENDERS: dict[str, Contender] = {
    **{name: ours(name) for name in ("random", "sobol", "local", "tpe", "gp", "auto")},
    "optuna tpe": optuna("tpe"),
    "optuna gp": optuna("gp"),
    "hyperopt": hyperopt,
    "smac": smac,
    "hebo": hebo,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    available = [
        name
        for name in CONTENDERS
        if name.split()[0] not in ("optuna", "hyperopt", "smac", "hebo")
        or importlib.util.find_spec(name.split()[0])
    ]
    parser.add_argument("--searchers", nargs="+", choices=list(CONTENDERS), default=available)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS))
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    add_save(parser)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    for count in arguments.counts:
        running = {name: CONTENDERS[name](count, CLOCKS[arguments.clock]) for name in arguments.searchers}
        for number in range(arguments.rounds + 1):
            for name, steps in running.items():
                with threadpool_limits(1):
                    taken = next(steps)
                if number:  # the first one imports, and reads what was given
                    seconds[name, count].append(taken)
    print(f"Milliseconds per proposal, median and (mean) of {arguments.rounds}, after so many results")
    print(f"{'':16}" + "".join(f"{count:>22}" for count in arguments.counts))
    for name in arguments.searchers:
        cells = [seconds[name, count] for count in arguments.counts]
        texts = [
            f"{1e3 * statistics.median(cell):.2f} ({1e3 * statistics.fmean(cell):.2f})" for cell in cells
        ]
        print(f"{name:16}" + "".join(f"{text:>22}" for text in texts))
    columns = ["searcher", *(f"{count:,} known, ms" for count in arguments.counts)]
    tables = [
        Table(
            f"{title} of a proposal",
            columns,
            [
                [name, *(1e3 * middle(seconds[name, count]) for count in arguments.counts)]
                for name in arguments.searchers
            ],
        )
        for title, middle in (("Median", statistics.median), ("Mean", statistics.fmean))
    ]
    save(arguments.save, tables, versions_behind(arguments.searchers))


if __name__ == "__main__":
    main()
