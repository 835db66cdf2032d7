"""The published chapter's searcher, scheduler and tuner, over this library's own parts.

They are for code that was written for the book: a reader's own `HPOSearcher` or `HPOScheduler` works in
`HPOTuner`. New code gets more from `hpo.search`.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np

from hpo.errors import SearchFailedError
from hpo.executors import Assignment, SerialExecutor, kept_in
from hpo.executors.placement import choose_placement
from hpo.objective.context import current_trial
from hpo.objective.function import Objective, Result
from hpo.space import Space
from hpo.training import HyperParameters


class HPOSearcher(HyperParameters):
    """Proposes configs. A subclass defines `sample_configuration`, and `update` if it learns from results.

    Example:
        >>> from hpo.book import BasicScheduler, HPOSearcher, HPOTuner
        >>> class Halving(HPOSearcher):
        ...     def __init__(self, rate):
        ...         self.save_hyperparameters()
        ...
        ...     def sample_configuration(self):
        ...         return {"rate": self.rate}
        ...
        ...     def update(self, config, error, additional_info=None):
        ...         self.rate = config["rate"] / 2
        >>> tuner = HPOTuner(BasicScheduler(Halving(0.8)), lambda config: abs(config["rate"] - 0.25))
        >>> tuner.run(number_of_trials=3)
        trial 0: {'rate': 0.8}
            error 0.55
        trial 1: {'rate': 0.4}
            error 0.15
        trial 2: {'rate': 0.2}
            error 0.05
    """

    def sample_configuration(self) -> dict[str, Any]:
        """The next config to try."""
        # As in the book, whose classes are no `abc`: a subclass defines what it uses.
        raise NotImplementedError(f"{type(self).__name__} defines no sample_configuration().")

    def update(self, config: dict[str, Any], error: float, additional_info: Any = None) -> None:
        """Learn the error that a config reached; infinity if it failed."""


class RandomSearcher(HPOSearcher):
    """Draws each config from the priors of a space.

    Args:
        config_space: a dict of frozen `scipy.stats` distributions or this library's domains.
        initial_config: the first config, instead of a drawn one.
        seed: decides the draws, which are those of `hpo.search` with that seed; by default it is drawn
            from NumPy's global generator, so that `np.random.seed` makes the book's programs repeatable.

    Example:
        >>> from scipy import stats
        >>> import hpo
        >>> from hpo.book import RandomSearcher
        >>> space = {"rate": stats.loguniform(1e-2, 1), "units": stats.randint(8, 65)}
        >>> searcher = RandomSearcher(space, initial_config={"rate": 0.1, "units": 32}, seed=0)
        >>> searcher.sample_configuration()
        {'rate': 0.1, 'units': 32}
        >>> drawn = searcher.sample_configuration()
        >>> study = hpo.search(lambda config: config["rate"], space, num_trials=1, seed=0)
        >>> study.trials[0].config == drawn
        True
    """

    # Values stand on the class, as a subclass may save its own constructor's arguments and call no other.
    config_space: Mapping[str, Any]
    initial_config: Mapping[str, Any] | None = None
    seed: int | None = None
    _num_asked = 0
    _num_drawn = 0

    def __init__(
        self,
        config_space: Mapping[str, Any],
        initial_config: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
    ) -> None:
        self.save_hyperparameters()

    def sample_configuration(self) -> dict[str, Any]:
        """A copy of the initial config the first time, afterwards a draw."""
        self._num_asked += 1
        # Only now: the book's programs may call `np.random.seed` after they made the searcher. And with the
        # initial config already: the first trial seeds that generator, too.
        if self.seed is None:
            self.seed = int(np.random.randint(2**32, dtype=np.int64))
        if self._num_asked == 1 and self.initial_config is not None:
            return dict(self.initial_config)
        self._num_drawn += 1
        [config] = Space(self.config_space).sample(self.seed, start=self._num_drawn - 1)
        return config


class HPOScheduler(HyperParameters):
    """Decides what is evaluated next, and may add to a config how long (`max_epochs`).

    Example:
        A scheduler that trains longer in each trial than in the one before:

        >>> from hpo.book import HPOScheduler, HPOTuner, RandomSearcher
        >>> class Longer(HPOScheduler):
        ...     def __init__(self, searcher):
        ...         self.save_hyperparameters()
        ...         self.epochs = 1
        ...
        ...     def suggest(self):
        ...         return {**self.searcher.sample_configuration(), "max_epochs": self.epochs}
        ...
        ...     def update(self, config, error, info=None):
        ...         self.epochs *= 2
        ...         self.searcher.update(config, error, info)
        >>> import hpo
        >>> scheduler = Longer(RandomSearcher({"units": hpo.Int(8, 64)}, seed=0))
        >>> tuner = HPOTuner(scheduler, lambda config, max_epochs: 1 / (config["units"] * max_epochs))
        >>> tuner.run(number_of_trials=2)
        trial 0: {'units': 46, 'max_epochs': 1}
            error 0.02174
        trial 1: {'units': 11, 'max_epochs': 2}
            error 0.04545
    """

    def suggest(self) -> dict[str, Any]:
        """The next config to evaluate."""
        # As in `HPOSearcher`.
        raise NotImplementedError(f"{type(self).__name__} defines no suggest().")

    def update(self, config: dict[str, Any], error: float, info: Any = None) -> None:
        """Learn the error that a config reached; infinity if it failed."""


class BasicScheduler(HPOScheduler):
    """Evaluates each config that its searcher proposes.

    Args:
        searcher: proposes the configs.

    Example:
        >>> import hpo
        >>> from hpo.book import BasicScheduler, RandomSearcher
        >>> searcher = RandomSearcher({"rate": hpo.Float(0, 1)}, initial_config={"rate": 0.5})
        >>> scheduler = BasicScheduler(searcher)
        >>> config = scheduler.suggest()
        >>> config
        {'rate': 0.5}
        >>> scheduler.update(config, error=0.25)  # the searcher gets it; a random one learns nothing from it
    """

    searcher: HPOSearcher

    def __init__(self, searcher: HPOSearcher) -> None:
        self.save_hyperparameters()

    def suggest(self) -> dict[str, Any]:
        """The searcher's next config."""
        return self.searcher.sample_configuration()

    def update(self, config: dict[str, Any], error: float, info: Any = None) -> None:
        """Pass the result on to the searcher."""
        self.searcher.update(config, error, additional_info=info)


class HPOTuner(HyperParameters):
    """Evaluates a scheduler's configs one after the other, and records the results.

    If the objective raises, or returns NaN, infinity or no number, only that trial is lost: it is never the
    incumbent, and the scheduler gets infinity, which ranks last.

    Args:
        scheduler: suggests the configs.
        objective: returns the error of a config. It is called as `objective(**config)` or
            `objective(config)`, depending on its parameters. In the second case it also gets those entries
            of the config that it has parameters for, such as `max_epochs`.
        seed: of the initial weights and the order of mini-batches.

    Attributes:
        incumbent: the config with the smallest error so far; None before the first.
        incumbent_error: its error.
        incumbent_trajectory: the smallest error after each trial; infinity while there is none.
        cumulative_runtime: the seconds spent up to the end of each trial, deciding what to try included.
        current_runtime: the last of them; 0 before the first trial.
        records: for each trial a dict of its `config`, its `error` (NaN if there is none) and its
            `runtime` in seconds.
        failures: why trials failed, by their numbers from 0.

    Example:
        >>> import hpo
        >>> from hpo.book import BasicScheduler, HPOTuner, RandomSearcher
        >>> searcher = RandomSearcher({"x": hpo.Int(-9, 9)}, seed=9)
        >>> tuner = HPOTuner(BasicScheduler(searcher), lambda x: x**2)
        >>> tuner.run(number_of_trials=3)
        trial 0: {'x': 2}
            error 4
        trial 1: {'x': -6}
            error 36
        trial 2: {'x': -1}
            error 1
        >>> tuner.incumbent
        {'x': -1}
        >>> tuner.incumbent_trajectory
        [4.0, 4.0, 1.0]
    """

    scheduler: HPOScheduler
    objective: Callable[..., Any]
    seed: int

    def __init__(self, scheduler: HPOScheduler, objective: Callable[..., Any], *, seed: int = 0) -> None:
        if not callable(objective):
            raise TypeError(
                f"The objective is a function that gives the error of a config; received {objective!r}."
            )
        self.save_hyperparameters()
        self.incumbent: dict[str, Any] | None = None
        self.incumbent_error: float | None = None
        self.incumbent_trajectory: list[float] = []
        self.cumulative_runtime: list[float] = []
        self.current_runtime = 0.0
        self.records: list[dict[str, Any]] = []
        self.failures: dict[int, str] = {}
        self._num_trials = 0

    def run(self, number_of_trials: int) -> None:
        """Evaluate that many more configs.

        Raises:
            SearchFailedError: every trial so far failed; the text has the first reason.
            TypeError: the scheduler suggested something that is no config.
        """
        for _ in range(number_of_trials):
            self._run_one()
        if self._num_trials and len(self.failures) == self._num_trials:
            raise SearchFailedError(f"All {self._num_trials} trials failed. The first: {self.failures[0]}")

    def bookkeeping(self, config: dict[str, Any], error: float, runtime: float) -> None:
        """Record the error that a config reached, and the seconds that it took."""
        self.records.append({"config": config, "error": error, "runtime": runtime})
        if math.isfinite(error) and (self.incumbent_error is None or error < self.incumbent_error):
            self.incumbent, self.incumbent_error = dict(config), error
        self.incumbent_trajectory.append(math.inf if self.incumbent_error is None else self.incumbent_error)
        self.current_runtime += runtime
        self.cumulative_runtime.append(self.current_runtime)

    def _run_one(self) -> None:
        start = perf_counter()
        suggested = self.scheduler.suggest()
        if not isinstance(suggested, Mapping):
            raise TypeError(
                f"suggest() returns a config, a dict of names and values; {type(self.scheduler).__name__} "
                f"returned {suggested!r}."
            )
        number, config = self._num_trials, dict(suggested)
        print(f"trial {number}: {config}")
        error, reason = self._evaluate(number, config)
        self._num_trials += 1
        if reason is not None:
            self.failures[number] = reason
        # An error in a reader's own scheduler must not lose the result.
        try:
            self.scheduler.update(suggested, error if reason is None else math.inf)
        finally:
            self.bookkeeping(config, error, perf_counter() - start)
        print(f"    {reason}" if reason else f"    error {error:.4g}")

    def _evaluate(self, number: int, config: dict[str, Any]) -> tuple[float, str | None]:
        """The error of a config, and why the trial failed if it did."""
        reports: list[Result] = []
        placement, _ = choose_placement(self.seed, None, None)
        function = Objective(functools.partial(call_with_config, self.objective))
        executor = SerialExecutor(function, placement, kept_in(reports))
        executor.submit(Assignment(number, config))
        [outcome] = executor.poll()
        if outcome.reason is not None:
            return math.nan, outcome.reason
        result = reports[-1] if outcome.result is None else outcome.result
        if isinstance(result, dict):
            if len(result) > 1:
                return math.nan, (
                    f"The objective gave several metrics ({', '.join(result)}) where an HPOTuner takes one "
                    f"number. Return one of them, or use hpo.search(..., minimize=)."
                )
            [result] = result.values()
        return result, None if math.isfinite(result) else f"The error is {result}."


def call_with_config(objective: Callable[..., Any], config: dict[str, Any]) -> Any:
    """Call an objective with the entries of a config as keywords, or with the config itself.

    It gets keywords if all entries can be passed that way, or if the first parameter has the name of one.
    Otherwise it gets the config, and beside it those entries that have a parameter of their own.

    Example:
        >>> from hpo.book import call_with_config
        >>> def book(config, max_epochs=10):
        ...     return f"rate {config['rate']}, {max_epochs} epochs"
        >>> call_with_config(book, {"rate": 0.1, "max_epochs": 2})
        'rate 0.1, 2 epochs'
        >>> call_with_config(lambda rate: f"rate {rate}", {"rate": 0.1})
        'rate 0.1'
    """
    try:
        signature = inspect.signature(objective)
    except ValueError:  # some builtins have none
        return objective(config)
    if next(iter(signature.parameters), None) in config or _binds(signature, config):
        return objective(**config)
    named = {name: value for name, value in config.items() if name in signature.parameters}
    return Objective(functools.partial(objective, **named))(config, current_trial())


def _binds(signature: inspect.Signature, config: dict[str, Any]) -> bool:
    try:
        signature.bind(**config)
    except TypeError:
        return False
    return True
