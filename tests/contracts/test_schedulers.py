"""Each scheduler that has a name under the contract."""

from __future__ import annotations

from typing import Any

from hpo.schedulers import SCHEDULERS, Scheduler, scheduler_named
from hpo.testing import SchedulerContract
from tests.contracts.by_name import classes

OPTIONS: dict[str, dict[str, Any]] = {
    "asha": {"max_epochs": 3, "eta": 1.5},
    "asha-stopping": {"eta": 3},
    "hyperband": {"eta": 3},
    "median": {"min_trials": 2},
    "successive-halving": {"max_epochs": 3, "eta": 2},
}
"""What a scheduler is made with beside nine epochs, so that it has something to decide."""


class Named(SchedulerContract):
    name: str

    def make_scheduler(self) -> Scheduler:
        return scheduler_named(self.name, **{"max_epochs": 9, **OPTIONS.get(self.name, {})})


# FIFO decides nothing after epochs, which is what the contract is about.
globals().update(classes(Named, {name: {} for name in SCHEDULERS if name != "fifo"}))
