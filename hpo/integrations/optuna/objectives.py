"""An unchanged Optuna objective under `hpo.search`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FixedTrial, FrozenTrial, Trial

from hpo.integrations.optuna.distributions import domain_of
from hpo.integrations.optuna.memory import MemoryStudy
from hpo.integrations.optuna.spaces import Asked, infer_space
from hpo.objective.context import CurrentTrial, TrialEnded
from hpo.objective.decision import CONTINUE
from hpo.randomness import stream
from hpo.space import Space

OptunaObjective = Callable[[Any], Any]
"""Takes Optuna's trial and returns a number."""

_FEW = 16
"""The most integers of a range that are tried one by one to see what depends on them."""

_QUIET = 4
"""How many calls in a row that show nothing new end the exploration."""


class as_objective:  # noqa: N801  # it is called like a function
    """An Optuna objective as an objective of `hpo.search`.

    Its `suggest_*` calls return the values of the config, `report` reports (step 0 is epoch 1), and
    `should_prune` says what the scheduler decided.

    Args:
        objective: takes Optuna's trial and returns a number.

    Example:
        def objective(trial):
            x = trial.suggest_float("x", -1, 1)
            return x**2

        study = hpo.search(as_objective(objective), space_of(objective), num_trials=20, searcher="auto")
    """

    def __init__(self, objective: OptunaObjective) -> None:
        self.objective = objective

    def __call__(self, config: dict[str, Any], trial: CurrentTrial) -> Any:
        """The objective's value for a config.

        Raises:
            TrialEnded: the scheduler ends the trial, and the objective heeded it.
            ValueError: it returned several values.
        """
        given = _Given(config, trial)
        try:
            result = self.objective(given)
        except optuna.TrialPruned:
            # An objective that pruned itself, without a decision, failed.
            if given.decision.goes_on:
                raise
            raise TrialEnded(given.decision) from None
        if isinstance(result, (list, tuple)):
            if len(result) != 1:
                raise ValueError(
                    f"The objective gave {len(result)} values, where one was expected: return the one that "
                    f"is to be optimised; received {result!r}."
                )
            return result[0]
        return result


class _Given(FixedTrial):
    """Optuna's trial with the values of a config; its reports go to the trial that runs."""

    def __init__(self, config: dict[str, Any], trial: CurrentTrial) -> None:
        super().__init__(dict(config), trial.id or 0)
        self._host = trial.host
        self._last = -1
        self.decision = CONTINUE

    def report(self, value: float, step: int) -> None:
        """Report; a step that was reported is left as it was, as Optuna does."""
        if step > self._last:
            self._last = step
            self.decision = self._host.report(value, step + 1)

    def should_prune(self) -> bool:
        """Whether the trial is not to go on."""
        return not self.decision.goes_on


# No Exception, since objectives catch those.
class _Enough(BaseException):
    """The objective began to report, so it has asked for everything."""


def space_of(objective: OptunaObjective, *, max_calls: int = 64, seed: int = 0) -> Space:
    """Find the space of an Optuna objective by calling it.

    Each call ends at the first `report`, or with the objective. Every option of a `suggest_categorical`, and
    every integer of a range of few, is tried, so that what is asked for only with some of them is found, and
    the calls end when they show nothing new. If a call is dear and reports nothing, write the space yourself.

    Args:
        objective: takes Optuna's trial.
        max_calls: how many calls at most.
        seed: of the values that it is given.

    Returns:
        The space, with conditions.

    Raises:
        SpaceError: it asks for nothing, or for something that no space can say.
    """
    sampler = _Exploring(seed)
    study = MemoryStudy(sampler)
    asked: list[Asked] = []
    seen: set[frozenset[str]] = set()
    quiet = 0
    while len(asked) < max_calls and (quiet < _QUIET or sampler.has_untried):
        trial = study.ask()
        # A failure says nothing about the space, but what was asked for until then does.
        with suppress(_Enough, Exception):
            objective(_Probe(trial))
        asked.append(Asked(trial.params, trial.distributions))
        quiet = quiet + 1 if frozenset(trial.params) in seen else 0
        seen.add(frozenset(trial.params))
    return infer_space(asked)


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
    """Proposes each option of a parameter that has few equally often, and draws all other values."""

    def __init__(self, seed: int) -> None:
        self._random = stream(seed, "optuna", "space")
        self._given: dict[str, Counter[Any]] = {}

    @property
    def has_untried(self) -> bool:
        """Whether there is an option that was not given yet."""
        return any(0 in counts.values() for counts in self._given.values())

    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing: what will be asked for is not known."""
        return {}

    def sample_relative(self, study: Any, trial: FrozenTrial, search_space: Any) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self, study: Any, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """One of the options that were given least often; of many values a draw."""
        options = _options(param_distribution)
        if options is None:
            domain = domain_of(param_name, param_distribution)
            return domain.decode([self._random.random()])[0]
        # By place: options that are equal, as 1 and True are, are different ones.
        counts = self._given.setdefault(param_name, Counter(dict.fromkeys(range(len(options)), 0)))
        fewest = min(counts.values())
        places = [place for place in range(len(options)) if counts[place] == fewest]
        place = places[int(self._random.random() * len(places))]
        counts[place] += 1
        return options[place]


def _options(distribution: BaseDistribution) -> list[Any] | None:
    """The values of a distribution that has few, each of which may lead to other parameters; else None."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if isinstance(distribution, IntDistribution):
        values = range(distribution.low, distribution.high + 1, distribution.step)
        return list(values) if len(values) <= _FEW else None
    return None
