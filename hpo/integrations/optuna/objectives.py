"""An unchanged Optuna objective under `hpo.search`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna
from optuna.trial import FixedTrial

from hpo.objective.context import CurrentTrial, TrialEnded
from hpo.objective.decision import CONTINUE

OptunaObjective = Callable[[Any], Any]
"""Takes Optuna's trial and returns a number."""


class as_objective:  # noqa: N801  # it is called like a function
    """An Optuna objective as an objective of `hpo.search`.

    Its `suggest_*` calls return the values of the config, `report` reports (step 0 is epoch 1), and
    `should_prune` says what the scheduler decided.

    Args:
        objective: takes Optuna's trial and returns a number.

    Example:
        >>> import hpo
        >>> from hpo.integrations.optuna import as_objective, space_of
        >>> def objective(trial):
        ...     return trial.suggest_float("x", -1, 1) ** 2
        >>> study = hpo.search(as_objective(objective), space_of(objective), num_trials=20, seed=0)
        >>> study.best.value < 0.05
        True
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
