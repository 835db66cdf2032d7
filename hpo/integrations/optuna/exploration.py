"""The space of an Optuna objective, found by calling it."""

from __future__ import annotations

import logging
from collections import Counter
from time import perf_counter
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, Trial

from hpo.errors import SpaceError
from hpo.integrations.optuna.distributions import domain_of, few_values
from hpo.integrations.optuna.memory import MemoryStudy
from hpo.integrations.optuna.objectives import OptunaObjective
from hpo.integrations.optuna.spaces import Asked, UndecidedError, calls_needed, check_ranges, infer_space
from hpo.randomness import stream
from hpo.space import Space

_log = logging.getLogger(__name__)

_QUIET = 8
"""How many calls in a row that show nothing new end the exploration."""


def space_of(objective: OptunaObjective, *, max_calls: int = 48, seed: int = 0) -> Space:
    """Find the space of an Optuna objective by calling it.

    Each call ends at the first `report`, or with the objective. Every value of a parameter that has up to ten
    is tried, so that what is asked for only with some of them is found. The calls end when they show nothing
    new: after nine where nothing depends on anything. A condition needs proof: twelve calls and more for each
    parameter that decides on others. How many calls there may be is logged before the first one, and after it
    how long they may take. If a call is dear, write the space yourself.

    Args:
        objective: takes Optuna's trial.
        max_calls: how many calls at most.
        seed: of the values that it is given.

    Returns:
        The space, with conditions.

    Raises:
        SpaceError: it asks for nothing, or for what no space can say, such as a range that moves; or so many
            calls do not prove what decides on a parameter.
        ValueError: `max_calls` is no integer of at least 1.

    Example:
        >>> from hpo.integrations.optuna import space_of
        >>> def objective(trial):
        ...     rate = trial.suggest_float("rate", 1e-4, 1, log=True)
        ...     if trial.suggest_categorical("model", ["linear", "network"]) == "network":
        ...         rate *= trial.suggest_int("layers", 1, 3)
        ...     return rate
        >>> for name, domain in space_of(objective).items():
        ...     print(name, domain)
        rate Float(0.0001, 1.0, log=True)
        model Choice(['linear', 'network'])
        layers Int(1, 3).when('model', in_=['network'])
    """
    if isinstance(max_calls, bool) or not isinstance(max_calls, int) or max_calls < 1:
        raise ValueError(f"max_calls must be an integer of at least 1; received {max_calls!r}.")
    _log.warning(
        "space_of calls the objective up to %d times to learn its space, each time until its first report or "
        "its end; max_calls= limits that.",
        max_calls,
    )
    exploration = _Exploration(objective, seed)
    started = perf_counter()
    for number in range(max_calls):
        exploration.call()
        if number == 0:
            _tell_price(perf_counter() - started, max_calls - 1)
        if exploration.is_quiet:
            try:
                return exploration.space()
            except UndecidedError:
                continue
    return exploration.conclude()


def _tell_price(seconds: float, calls: int) -> None:
    """Say what the first call says about the price of the others, where that can be felt."""
    if seconds * calls >= 1:
        _log.warning(
            "The first call took %.3g seconds: up to %d more may take %.3g seconds.",
            seconds,
            calls,
            seconds * calls,
        )


class _Exploration:
    """Calls of an objective, and what they showed."""

    def __init__(self, objective: OptunaObjective, seed: int) -> None:
        self._objective = objective
        self._sampler = _Exploring(seed)
        self._study = MemoryStudy(self._sampler)
        self._asked: list[Asked] = []
        self._seen: set[frozenset[str]] = set()
        self._quiet = 0
        self._failed = 0
        self._failure: Exception | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether everything was tried, and the last calls showed nothing new."""
        return self._quiet >= _QUIET and not self._sampler.untried

    def call(self) -> None:
        """Call the objective once more.

        Raises:
            SpaceError: the range of a parameter moves.
        """
        trial = self._study.ask()
        try:
            self._objective(_Probe(trial))
        except (_Enough, optuna.TrialPruned):
            pass
        except Exception as error:
            # It may have asked for more after its failure: nothing is known to be missing.
            self._failed, self._failure = self._failed + 1, error
            self._quiet += 1
            return
        self._asked.append(Asked(trial.params, trial.distributions))
        check_ranges(self._asked)
        names = frozenset(trial.params)
        self._quiet = self._quiet + 1 if names in self._seen else 0
        self._seen.add(names)

    def space(self) -> Space:
        """What the calls prove.

        Raises:
            SpaceError: they prove that there is no such space.
            UndecidedError: they prove nothing yet.
        """
        if self._failure is not None and not self._asked:
            raise SpaceError(
                f"The objective failed in each of {self._failed} calls, and what it asks for is not known: "
                f"{type(self._failure).__name__}: {self._failure}. Mend it, or write the space yourself."
            ) from self._failure
        return infer_space(self._asked, proven=True)

    def conclude(self) -> Space:
        """What the calls prove, when there are to be no more of them.

        Raises:
            SpaceError: they do not prove enough.
        """
        calls = len(self._asked) + self._failed
        try:
            space = self.space()
        except UndecidedError as error:
            raise SpaceError(f"{error} Or allow more than max_calls={calls}.") from None
        if self._sampler.untried:
            name, left, total = self._sampler.untried
            raise SpaceError(
                f"max_calls={calls} left {left} of the {total} values of {name!r} untried, each of which may "
                f"lead to other parameters. Allow more calls, or write the space yourself."
            )
        return space


# No Exception, since objectives catch those.
class _Enough(BaseException):
    """The objective began to report, so it has asked for everything."""


class _Probe:
    """Optuna's trial, except that its first report ends the call."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    def report(self, value: float, step: int) -> None:
        """End the call."""
        raise _Enough


class _Exploring(optuna.samplers.BaseSampler):
    """Tries each value of a parameter that has few, and draws all other values.

    The values come equally often, except that one is preferred which leads to parameters with a greater need.
    """

    def __init__(self, seed: int) -> None:
        self._random = stream(seed, "optuna", "space")
        self._given: dict[str, Counter[int]] = {}
        self._led_to: dict[tuple[str, int], set[str]] = {}
        self._path: list[tuple[str, int]] = []

    @property
    def untried(self) -> tuple[str, int, int] | None:
        """A parameter with values that were not given yet, how many these are, and of how many."""
        for name, counts in self._given.items():
            if 0 in counts.values():
                return name, list(counts.values()).count(0), len(counts)
        return None

    def before_trial(self, study: Any, trial: FrozenTrial) -> None:
        """Begin a call."""
        self._path = []

    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing: what will be asked for is not known."""
        return {}

    def sample_relative(self, study: Any, trial: FrozenTrial, search_space: Any) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self, study: Any, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """One of the values that were given least often; of many values a draw."""
        domain = domain_of(param_name, param_distribution)
        values = few_values(domain)
        if values is None:
            return domain.decode([self._random.random()])[0]
        counts = self._given.setdefault(param_name, Counter(dict.fromkeys(range(len(values)), 0)))
        places = self._most_needed(param_name)
        fewest = min(counts[place] for place in places)
        places = [place for place in places if counts[place] == fewest]
        place = places[int(self._random.random() * len(places))]
        counts[place] += 1
        for earlier in self._path:
            self._led_to.setdefault(earlier, set()).add(param_name)
        self._path.append((param_name, place))
        return values[place]

    def _most_needed(self, name: str) -> list[int]:
        """The values of a parameter, by place, of which the next one is to be taken."""
        below = {
            place: max(map(self._need, self._led_to.get((name, place), ())), default=0)
            for place in self._given[name]
        }
        greatest = max(below.values())
        if self._need(name) >= greatest:
            return list(below)
        return [place for place, need in below.items() if need == greatest]

    def _need(self, name: str) -> int:
        """2 where a value of a parameter is untried, 1 where one came too seldom for a proof, else 0."""
        counts = self._given[name].values()
        return 2 if 0 in counts else int(min(counts) < calls_needed(len(counts)))
