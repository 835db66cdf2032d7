"""A trial that starts behind the median of the others is stopped."""

from __future__ import annotations

import statistics

from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.schedulers.base import Grant, Scheduler
from hpo.schedulers.rungs import check_epochs
from hpo.study.study import Study


class FirstEpoch(Scheduler):
    """Stops a trial after its first epoch if its value is worse than the median of all first epochs.

    Args:
        max_epochs: the last epoch.
        min_trials: so many trials must have come to the first epoch before one is stopped.
    """

    needs_epochs = True

    def __init__(self, max_epochs: int, min_trials: int = 3) -> None:
        self.max_epochs = check_epochs("max_epochs", max_epochs)
        self.min_trials = min_trials

    def __repr__(self) -> str:
        return f"FirstEpoch({self.max_epochs}, min_trials={self.min_trials})"

    def next(self, study: Study, *, can_start: bool) -> Grant | None:
        """A new trial, if one may be started."""
        return Grant(until=self.max_epochs) if can_start else None

    def on_report(self, study: Study, trial: int) -> Decision:
        """Stop the trial if its first epoch is behind; let it go on otherwise."""
        reports = study.trials[trial].reports
        metric = study.metric
        firsts = [metric.sign * each.reports[0].metrics[metric.name] for each in study.trials if each.reports]
        own = metric.sign * reports[0].metrics[metric.name]
        if len(reports) > 1 or len(firsts) <= self.min_trials or own <= statistics.median(firsts):
            return CONTINUE
        return Decision(Verdict.STOP, f"its first epoch is behind the median of {len(firsts)} trials")
