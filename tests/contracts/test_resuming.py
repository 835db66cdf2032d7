"""Each searcher and each scheduler under the contract of exact resumption."""

import hpo
from hpo.testing import ResumeContract


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


class Searched(ResumeContract):
    """Of fewer trials, as each cut is a search."""

    num_trials = 3


class TestGrid(Searched):
    def make_searcher(self) -> hpo.searchers.Searcher:
        return hpo.GridSearch(2)


class TestSobol(Searched):
    def make_searcher(self) -> hpo.searchers.Searcher:
        return hpo.SobolSearch()


class TestLocal(Searched):
    def make_searcher(self) -> hpo.searchers.Searcher:
        return hpo.LocalSearch()


class TestTPE(Searched):
    def make_searcher(self) -> hpo.searchers.Searcher:
        return hpo.TPE(num_initial=2)


class TestGaussianProcess(Searched):
    def make_searcher(self) -> hpo.searchers.Searcher:
        return hpo.GaussianProcess(num_initial=2)


class TestAuto(Searched):
    def make_searcher(self) -> hpo.searchers.Searcher:
        return hpo.Auto()
