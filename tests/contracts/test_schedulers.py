"""Each scheduler under the contract."""

import hpo
from hpo.testing import SchedulerContract


class TestMedianStopping(SchedulerContract):
    def make_scheduler(self) -> hpo.schedulers.Scheduler:
        return hpo.MedianStopping(9, min_trials=2)


class TestSuccessiveHalving(SchedulerContract):
    def make_scheduler(self) -> hpo.schedulers.Scheduler:
        return hpo.SuccessiveHalving(1, 3, eta=2)


class TestHyperband(SchedulerContract):
    def make_scheduler(self) -> hpo.schedulers.Scheduler:
        return hpo.Hyperband(1, 9, eta=3)


class TestASHA(SchedulerContract):
    def make_scheduler(self) -> hpo.schedulers.Scheduler:
        return hpo.ASHA(1, 3, eta=1.5)


class TestASHAThatStops(SchedulerContract):
    def make_scheduler(self) -> hpo.schedulers.Scheduler:
        return hpo.ASHA(1, 9, eta=3, kind="stopping")
