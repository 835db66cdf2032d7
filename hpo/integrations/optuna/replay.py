"""An Optuna study as one of ours: its trials go into a log, one by one."""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from hpo.errors import SpaceError
from hpo.objective.decision import Decision, Verdict
from hpo.space import Config, Space
from hpo.storage import Storage
from hpo.study.origin import Origin, begin
from hpo.study.study import Study
from hpo.study.trial import Direction, Metric
from hpo.study.writer import Writer

METRIC = "value"
"""What the one number of an Optuna trial is called."""

BY = "hpo:by"
"""The system attribute of an Optuna trial that says how its config came about."""


class Replay:
    """A study of ours that Optuna's trials are taken into.

    Args:
        optuna_study: where the trials come from; its direction counts.
        space: what its trials searched.
        name: what the study is called.
        seed: its seed.
        searcher: the name of what proposes.
        storage: where it is kept.

    Attributes:
        study: the study.

    Raises:
        ValueError: Optuna's study has several objectives.
        StorageError: the storage cannot be used, or has a study of that name.
    """

    def __init__(
        self,
        optuna_study: optuna.Study,
        space: Space,
        *,
        name: str,
        seed: int,
        searcher: str,
        storage: str | Path | Storage | None = None,
    ) -> None:
        check_one_objective(optuna_study)
        maximises = optuna_study.direction is optuna.study.StudyDirection.MAXIMIZE
        direction = Direction.MAXIMIZE if maximises else Direction.MINIMIZE
        origin = Origin(
            name=name,
            space=space,
            metrics=(Metric(METRIC, direction),),
            seed=seed,
            objective=None,
            searcher=searcher,
            scheduler=type(optuna_study.pruner).__name__,
            replicates=1,
            points=[],
        )
        history, _ = begin(origin, storage, resume=False)
        self.study = Study(history)
        self._writer = Writer(self.study)
        self._writer.begin()
        self._started: dict[int, int] = {}
        self._ended: set[int] = set()

    def take(self, trial: FrozenTrial) -> None:
        """Take in what is new of a trial, if its parameters are a config of the space."""
        if trial.number in self._ended or trial.state is OptunaState.WAITING:
            return
        config = self._config(trial)
        if config is None:
            return
        if trial.number not in self._started:
            info = {"optuna": trial.number}
            if BY in trial.system_attrs:
                info["by"] = trial.system_attrs[BY]
            notes = {"proposal": self.study.history.num_proposals, "info": info}
            self._started[trial.number] = self._writer.start(config, notes)
        number = self._started[trial.number]
        # Epochs increase in our log, so a step that Optuna got late is left out.
        for step in sorted(trial.intermediate_values):
            if step + 1 > self.study.history.last_epoch(number):
                self._writer.report(number, 0, step + 1, trial.intermediate_values[step])
        if trial.state.is_finished():
            self._ended.add(trial.number)
            self._end(number, trial)

    def _config(self, trial: FrozenTrial) -> Config | None:
        space = self.study.space
        # Optuna's trials have no parameters for what has one value only.
        constants = {
            name: domain.decode([0.5])[0]
            for name, domain in space.items()
            if domain.size == 1 and not domain.conditions
        }
        try:
            return space.validate(constants | trial.params)
        except SpaceError:
            return None

    def _end(self, number: int, trial: FrozenTrial) -> None:
        if trial.state is OptunaState.COMPLETE:
            value = trial.value
            if value is not None and abs(value) != float("inf"):
                self._writer.complete(number, 0, value)
            else:
                self._writer.fail(number, 0, f"The value is {value}.")
        elif trial.state is OptunaState.PRUNED and trial.intermediate_values:
            self._writer.decide(number, 0, Decision(Verdict.STOP, "Optuna pruned it"))
        else:
            said = trial.system_attrs.get("fail_reason", "Optuna does not say why.")
            self._writer.fail(number, 0, str(said))


def check_one_objective(study: optuna.Study) -> None:
    """Refuse a study of several objectives.

    Raises:
        ValueError: it has several.
    """
    if len(study.directions) > 1:
        raise ValueError(
            f"This takes a study of one objective; {study.study_name!r} has {len(study.directions)}. Make "
            "one that optimises one of them."
        )
