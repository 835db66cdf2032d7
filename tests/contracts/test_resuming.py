"""Each searcher that has a name under the contract of exact resumption; schedulers have it in theirs."""

from __future__ import annotations

from typing import Any

import hpo
from hpo.searchers import SEARCHERS, Searcher, searcher_named
from hpo.testing import ResumeContract
from tests.contracts.by_name import classes

OPTIONS: dict[str, dict[str, Any]] = {
    "gp": {"num_initial": 2},
    "grid": {"levels": 2},
    "tpe": {"num_initial": 2},
}
"""What a searcher is made with, so that three trials show how it goes on."""


class InTurn(hpo.schedulers.Scheduler):
    """Trains all trials for an epoch, then the better half of them to their ends; stops the worst."""

    def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
        if can_start:
            return hpo.schedulers.Grant(until=1, info={"rung": 0})
        if any(trial.state is hpo.study.TrialState.RUNNING for trial in study.trials):
            return None
        paused = [trial for trial in study.trials if trial.state is hpo.study.TrialState.PAUSED]
        ranked = sorted(paused, key=lambda trial: (trial.value, trial.id))
        return hpo.schedulers.Grant(ranked[0].id, info={"rung": 1}) if len(ranked) > 2 else None

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        this = study.trials[trial]
        if len(this.reports) == 2 and this.config["kind"] == "better":
            return hpo.schedulers.Decision(hpo.schedulers.Verdict.STOP, "two epochs are enough for it")
        return hpo.schedulers.CONTINUE


class TestRandomSearch(ResumeContract):
    pass


class TestPauses(ResumeContract):
    def make_scheduler(self) -> hpo.schedulers.Scheduler:
        return InTurn()


class TestPausesOfBestValues(TestPauses):
    value = "best"


class Searched(ResumeContract):
    """Of fewer trials, as each cut is a search."""

    num_trials = 3
    name: str

    def make_searcher(self) -> Searcher:
        return searcher_named(self.name, **OPTIONS.get(self.name, {}))


# Random search is above, with more trials.
globals().update(classes(Searched, {name: {} for name in SEARCHERS if name != "random"}))
