"""An Optuna sampler as a searcher."""

from __future__ import annotations

import copy
from typing import Any

import optuna
from optuna.trial import TrialState as OptunaState
from optuna.trial import create_trial

from hpo.integrations.optuna.distributions import distribution_of, suggested, to_parameter, to_value
from hpo.integrations.optuna.memory import MemoryStudy
from hpo.searchers import Proposal, Searcher
from hpo.space import Config, Space
from hpo.storage.events import Event, EventKind
from hpo.study.study import Study
from hpo.surrogates.observations import check_one_metric

_MAX_ATTEMPTS = 10
"""Draws that may break the constraints, which Optuna does not know, before the space is sampled instead."""


class OptunaSearcher(Searcher):
    """Lets an Optuna sampler propose.

    The sampler is told of everything in the order of the log, and what it draws goes on from the state it
    was in, so a fresh searcher draws again what the long-running one drew. That takes a seed: a sampler that
    was made without one makes other proposals each time.

    Args:
        sampler: the sampler, such as `optuna.samplers.TPESampler(seed=0)`. It is copied.

    Raises:
        TypeError: it is no sampler.

    Example:
        >>> import hpo, optuna
        >>> from hpo.integrations.optuna import OptunaSearcher
        >>> searcher, space = OptunaSearcher(optuna.samplers.TPESampler(seed=0)), {"x": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda config: config["x"] ** 2, space, num_trials=20, searcher=searcher)
        >>> study.best.value < 0.01
        True
    """

    def __init__(self, sampler: optuna.samplers.BaseSampler) -> None:
        if not isinstance(sampler, optuna.samplers.BaseSampler):
            raise TypeError(
                f"OptunaSearcher takes a sampler, such as optuna.samplers.TPESampler(seed=0); received "
                f"{sampler!r}."
            )
        self._sampler = copy.deepcopy(sampler)
        self._mirror: _Mirror | None = None

    def ask(self, study: Study, n: int) -> list[Proposal]:
        """What the sampler draws next.

        Raises:
            SpaceError: almost no config meets the space's constraints.
            ObjectiveError: the study has several metrics.
        """
        check_one_metric(study, type(self._sampler).__name__)
        if self._mirror is None or not self._mirror.follows(study):
            # Each study is followed from the sampler's first state, so that a fresh searcher draws the same.
            self._mirror = _Mirror(copy.deepcopy(self._sampler), study)
        return self._mirror.propose(n)

    def __getstate__(self) -> dict[str, Any]:
        return {"_sampler": self._sampler, "_mirror": None}  # the log can be followed again


class _Mirror:
    """An Optuna study that follows one of ours, event by event.

    Args:
        sampler: in its first state.
        study: what is followed.
    """

    def __init__(self, sampler: optuna.samplers.BaseSampler, study: Study) -> None:
        self._name = type(sampler).__name__
        self._optuna = MemoryStudy(sampler)
        self._study = study
        self._num_read = 0
        self._trials: dict[int, optuna.Trial | None] = {}
        self._ahead: list[tuple[Config, optuna.Trial]] = []

    def follows(self, study: Study) -> bool:
        """Whether it can read on: what was drawn ahead was started before anything else happened."""
        if study is not self._study:
            return False
        events = study.events_since(self._num_read)[: len(self._ahead)]
        return not events or [event.data.get("config") for event in events] == [
            config for config, _ in self._ahead
        ]

    def propose(self, n: int) -> list[Proposal]:
        """Draw n configs, fewer if the sampler comes to its end."""
        self._read(self._study.events_since(self._num_read))
        while len(self._ahead) < n and not self._optuna.has_ended:
            self._ahead.append(self._draw())
        return [Proposal(dict(config), {"by": self._name}) for config, _ in self._ahead[:n]]

    def _read(self, events: list[Event]) -> None:
        for event in events:
            self._num_read += 1
            if event.trial is None:
                continue
            if event.kind is EventKind.TRIAL_STARTED:
                # A later attempt goes on with the Optuna trial of the first.
                if not event.attempt:
                    self._start(event.trial, event.data)
                continue
            trial = self._trials.get(event.trial)
            if event.kind is EventKind.REPORTED and trial is not None:
                epoch = event.epoch or 0
                trial.report(self._sign * self._study.history.value_at(event.trial, epoch), epoch)
            elif event.kind in _ENDS:
                self._end(event, trial)
                # If it runs again after a failure, its result is one that comes with its end.
                self._trials[event.trial] = None

    @property
    def _sign(self) -> int:
        return self._study.metric.sign

    def _start(self, number: int, data: dict[str, Any]) -> None:
        config = data["config"]
        if "proposal" not in data:
            self._trials[number] = None  # a result that was known; it comes with its end
            return
        if data.get("info", {}).get("by") == self._name:
            drawn, trial = self._ahead.pop(0) if self._ahead else self._draw()
            if drawn == config:
                self._trials[number] = trial
                return
            # The log counts, whatever this sampler would have drawn.
            self._optuna.tell(trial, state=OptunaState.FAIL)
        self._optuna.enqueue_trial(_parameters(self._study.space, config))
        self._trials[number] = self._ask()[1]

    def _end(self, event: Event, trial: optuna.Trial | None) -> None:
        # By the event and not by the trial, which may have run again since.
        ended = self._study.trials[event.trial or 0]
        is_completed = event.kind is EventKind.TRIAL_COMPLETED
        if trial is None:
            self._add(ended.config, ended.value if is_completed else None)
        elif is_completed:
            self._optuna.tell(trial, self._sign * float(ended.value or 0.0))
        elif event.kind is EventKind.TRIAL_STOPPED:
            self._optuna.tell(trial, state=OptunaState.PRUNED)
        else:
            self._optuna.tell(trial, state=OptunaState.FAIL)

    def _add(self, config: Config, value: float | None) -> None:
        space = self._study.space
        parameters = _parameters(space, config)
        self._optuna.add_trial(
            create_trial(
                state=OptunaState.FAIL if value is None else OptunaState.COMPLETE,
                value=None if value is None else self._sign * value,
                params=parameters,
                distributions={name: distribution_of(space[name]) for name in parameters},
            )
        )

    def _draw(self) -> tuple[Config, optuna.Trial]:
        """A config of the sampler's that meets the constraints."""
        space = self._study.space
        for _ in range(_MAX_ATTEMPTS):
            config, trial = self._ask()
            if space.satisfies(config):
                return config, trial
            self._optuna.tell(trial, state=OptunaState.FAIL)
        number = len(self._optuna.get_trials(deepcopy=False))
        [config] = space.sample(self._study.seed, start=number)
        self._optuna.enqueue_trial(_parameters(space, config))
        return config, self._ask()[1]

    def _ask(self) -> tuple[Config, optuna.Trial]:
        """A config of the sampler's, hyperparameter by hyperparameter as they come to exist."""
        space, trial = self._study.space, self._optuna.ask()
        config: Config = {}
        for name in space.order:
            domain = space[name]
            if not all(
                each.name in config and each.holds(config[each.name], space[each.name].rank)
                for each in domain.conditions
            ):
                continue
            if domain.size == 1:
                config[name] = domain.decode([0.5])[0]
            else:
                config[name] = to_value(domain, suggested(trial, name, distribution_of(domain)))
        return {name: config[name] for name in space if name in config}, trial


def _parameters(space: Space, config: Config) -> dict[str, Any]:
    """A config as Optuna's parameters; what cannot vary is none."""
    return {name: to_parameter(space[name], value) for name, value in config.items() if space[name].size > 1}


_ENDS = (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_FAILED)
