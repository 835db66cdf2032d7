"""First in, first out: every trial runs to its end."""

from __future__ import annotations

from hpo.objective.decision import CONTINUE, Decision
from hpo.schedulers.base import Grant, Scheduler
from hpo.study.study import Study


class FIFO(Scheduler):
    """Trains every trial to its end, in the order of the proposals.

    Example:
        >>> import hpo
        >>> from hpo.schedulers import FIFO
        >>> def train(config):
        ...     for epoch in range(1, 4):
        ...         yield config["x"] / epoch
        >>> study = hpo.search(train, {"x": hpo.Float(0, 1)}, scheduler=FIFO(), num_trials=5, seed=0)
        >>> [trial.epoch for trial in study.trials]
        [3, 3, 3, 3, 3]
    """

    def next(self, study: Study, *, can_start: bool) -> Grant | None:
        """A new trial, if one may be started."""
        return Grant() if can_start else None

    def on_report(self, study: Study, trial: int) -> Decision:
        """Go on."""
        return CONTINUE
