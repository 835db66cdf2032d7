"""Studies into Optuna's storage, and out of it."""

from __future__ import annotations

import datetime
import warnings
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState as OptunaState
from optuna.trial import create_trial

from hpo.integrations.optuna.distributions import shown_distribution
from hpo.integrations.optuna.replay import Replay
from hpo.integrations.optuna.spaces import Asked, infer_space
from hpo.space import Space
from hpo.storage import Storage
from hpo.study.study import Study
from hpo.study.trial import Trial, TrialState

_NUMBER = "hpo.trial"
_STATES = {
    TrialState.COMPLETED: OptunaState.COMPLETE,
    TrialState.STOPPED: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
}


def to_optuna(
    study: Study, storage: str | optuna.storages.BaseStorage | None = None, *, name: str | None = None
) -> optuna.Study:
    """Write a study into Optuna's storage, where optuna-dashboard and Optuna's plots show it.

    Trials that have ended are written, with their reports (epoch 1 is step 0), their other metrics and what
    the searcher noted as user attributes, and with their times. Written again under the same name, what
    ended in the meantime is added.

    Args:
        study: of one metric.
        storage: a URL such as `"sqlite:///optuna.db"`, or one of Optuna's storages; in memory by default.
        name: what it is called there; by default its own name.

    Returns:
        Optuna's study.

    Raises:
        ObjectiveError: the study does not have exactly one metric.

    Example:
        With a storage such as `"sqlite:///optuna.db"`, `optuna-dashboard sqlite:///optuna.db` shows it.

        >>> import hpo
        >>> from hpo.integrations.optuna import to_optuna
        >>> study = hpo.search(lambda config: config["x"] ** 2, {"x": hpo.Float(-1, 1)}, num_trials=5, seed=0)
        >>> written = to_optuna(study)
        >>> len(written.trials), written.best_params == study.best.config
        (5, True)
    """
    metric = study.metric
    written = optuna.create_study(
        storage=storage,
        study_name=name or study.name,
        direction=metric.direction.value,
        load_if_exists=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        written.set_metric_names([metric.name])
    written.set_user_attr("seed", study.seed)
    written.set_user_attr("versions", study.versions)
    there = {trial.user_attrs.get(_NUMBER) for trial in written.get_trials(deepcopy=False)}
    written.add_trials(
        [_exported(study, each) for each in study.trials if each.state in _STATES and each.id not in there]
    )
    return written


def _exported(study: Study, trial: Trial) -> optuna.trial.FrozenTrial:
    metric = study.metric.name
    attributes: dict[str, Any] = {_NUMBER: trial.id, **trial.info}
    attributes |= {name: value for name, value in trial.metrics.items() if name != metric}
    attributes |= {} if trial.reason is None else {"reason": trial.reason}
    reports = {each.epoch - 1: each.metrics[metric] for each in trial.reports if metric in each.metrics}
    exported = create_trial(
        state=_STATES[trial.state],
        value=trial.value if trial.state is TrialState.COMPLETED else None,
        params=dict(trial.config),
        distributions={name: shown_distribution(study.space[name]) for name in trial.config},
        user_attrs=attributes,
        system_attrs={"fail_reason": trial.reason} if trial.state is TrialState.FAILED else {},
        intermediate_values=reports,
    )
    # Optuna's times are local ones without a zone.
    exported.datetime_start = datetime.datetime.fromtimestamp(trial.started)
    exported.datetime_complete = datetime.datetime.fromtimestamp(trial.finished or trial.started)
    return exported


def from_optuna(
    optuna_study: optuna.Study,
    *,
    space: Space | None = None,
    name: str | None = None,
    storage: str | Path | Storage | None = None,
) -> Study:
    """Read a study of Optuna's.

    Its trials come in the order of their numbers: complete ones, pruned ones as stopped, failed ones, and
    those that run. Step 0 is epoch 1. The study can be looked at like any other, and a new search can learn
    from it: `hpo.search(..., warm_start=[study])`.

    Args:
        optuna_study: of one objective.
        space: what was searched; by default it is read off the trials, conditions included.
        name: what the study is called; by default as in Optuna.
        storage: where it is kept, such as `"study.db"`; in memory by default.

    Raises:
        SpaceError: the trials do not say what was searched.
        ValueError: it has several objectives.
        StorageError: the storage cannot be used, or has a study of that name.

    Example:
        >>> import hpo, optuna
        >>> from hpo.integrations.optuna import from_optuna
        >>> def objective(trial):
        ...     return trial.suggest_float("x", -1, 1) ** 2
        >>> theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        >>> theirs.optimize(objective, n_trials=10)
        >>> study = from_optuna(theirs)
        >>> study.space["x"], study.best.value == theirs.best_value
        (Float(-1.0, 1.0), True)
        >>> more = hpo.search(lambda c: c["x"] ** 2, study.space, num_trials=5, warm_start=[study])
    """
    trials = optuna_study.get_trials(deepcopy=False)
    if space is None:
        ran = [each for each in trials if each.state in (OptunaState.COMPLETE, OptunaState.PRUNED)]
        space = infer_space([Asked(each.params, each.distributions) for each in ran or trials])
    replay = Replay(
        optuna_study,
        space,
        name=name or optuna_study.study_name,
        seed=0,
        searcher=type(optuna_study.sampler).__name__,
        storage=storage,
    )
    for trial in trials:
        replay.take(trial)
    if len(replay.study.trials) < len(trials):
        left_out = len(trials) - len(replay.study.trials)
        warnings.warn(
            f"{left_out} of {len(trials)} trials have parameters that are no config of the space, or did not "
            "start; they were left out.",
            stacklevel=2,
        )
    return replay.study
