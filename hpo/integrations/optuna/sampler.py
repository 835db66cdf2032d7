"""A searcher as an Optuna sampler."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from hpo.errors import SpaceError
from hpo.integrations.optuna.distributions import domain_of
from hpo.integrations.optuna.replay import BY, Replay, check_one_objective
from hpo.integrations.optuna.spaces import Asked, distributions_in, infer_space
from hpo.randomness import check_seed, draw_seed, uniforms
from hpo.searchers import Searcher, searcher_named
from hpo.space import Space

_RAN = (OptunaState.COMPLETE, OptunaState.PRUNED)


class HpoSampler(optuna.samplers.BaseSampler):
    """Lets a searcher of this library sample for Optuna.

    The space is what the trials so far asked for, conditions included; the first trial, and a parameter
    that was not asked for before, is drawn at random.

    Args:
        searcher: a name such as `"auto"`, `"gp"` or `"tpe"`, or a searcher object.
        seed: an integer of at least 0; drawn by default.
        options: keyword arguments of the searcher that is named.

    Raises:
        ValueError: there is no searcher of that name.
        TypeError: it is no searcher, or it has no such option.

    Example:
        >>> import optuna
        >>> from hpo.integrations.optuna import HpoSampler
        >>> study = optuna.create_study(sampler=HpoSampler("tpe", seed=0))
        >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=20)
        >>> study.best_value < 0.01
        True
    """

    def __init__(self, searcher: str | Searcher = "auto", *, seed: int | None = None, **options: Any) -> None:
        self._searcher = searcher_named(searcher, **options)
        self._seed = draw_seed() if seed is None else check_seed(seed)
        self._replay: Replay | None = None
        self._of: tuple[str, Space] | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        # A lock cannot be pickled, and the replay is made again from Optuna's trials.
        return self.__dict__ | {"_replay": None, "_of": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state | {"_lock": threading.Lock()}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What the trials so far asked for.

        Raises:
            ValueError: the study has several objectives.
        """
        check_one_objective(study)
        return distributions_in(_explained(study))

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The searcher's next config; nothing before the first trial ended, or once a finite space is done.

        The study is stopped then.
        """
        if not search_space:
            return {}
        with self._lock:
            replay = self._followed(study, infer_space(_explained(study)))
            for each in study.get_trials(deepcopy=False):
                if each.number != trial.number:
                    replay.take(each)
            proposals = self._searcher.ask(replay.study, 1)
        if not proposals:
            # With ask and tell the loop is the caller's, and stop() raises.
            with suppress(RuntimeError):
                study.stop()
            return {}
        [proposal] = proposals
        if "by" in proposal.info:
            # As Optuna's own samplers note what they need again; it has no public way.
            study._storage.set_trial_system_attr(trial._trial_id, BY, proposal.info["by"])
        return proposal.config

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A draw."""
        domain = domain_of(param_name, param_distribution)
        draws = uniforms(self._seed, "optuna", param_name, trial.number, shape=(1,))
        return domain.decode(draws)[0]

    def reseed_rng(self) -> None:
        """Draw another seed, as Optuna asks for in processes side by side."""
        self._seed = draw_seed()
        self._replay = None

    def _followed(self, study: optuna.Study, space: Space) -> Replay:
        if self._replay is None or self._of != (study.study_name, space):
            name = type(self._searcher).__name__
            self._replay = Replay(study, space, name=study.study_name, seed=self._seed, searcher=name)
            self._of = (study.study_name, space)
        return self._replay


def _explained(study: optuna.Study) -> list[Asked]:
    """What the trials asked for, without the parameters of which nothing says when they exist."""
    trials = study.get_trials(deepcopy=False, states=_RAN)
    asked = [Asked(trial.params, trial.distributions) for trial in trials]
    with suppress(SpaceError):
        if asked:
            infer_space(asked)
        return asked
    always = [name for name in asked[0].parameters if all(name in each.parameters for each in asked)]
    return [
        Asked(
            {name: each.parameters[name] for name in always},
            {name: each.distributions[name] for name in always},
        )
        for each in asked
    ]
