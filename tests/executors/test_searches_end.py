"""Searches with real processes end by themselves, whatever the scheduler and the number of workers.

One seed of each kind by default, and ten in `tox -e stress`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hpo
from hpo.study.trial import TrialState
from hpo.testing.small_tasks import SmallTask
from tests.stress import SEEDS

EPOCHS = 4
SCHEDULERS: dict[str, Callable[[], Any]] = {
    "asha": lambda: hpo.ASHA(1, EPOCHS, eta=2),
    "stopping": lambda: hpo.ASHA(1, EPOCHS, eta=2, kind="stopping"),
    "halving": lambda: hpo.SuccessiveHalving(1, EPOCHS, eta=2),
    "hyperband": lambda: hpo.Hyperband(1, EPOCHS, eta=2),
    "median": lambda: hpo.MedianStopping(),
}


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("workers", [2, 3, 4])
@pytest.mark.parametrize("fuse", ["auto", 1])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_search_ends_with_all_of_its_trials(scheduler: str, fuse: Any, workers: int, seed: int) -> None:
    task = SmallTask()
    study = hpo.search(
        task,
        task.space,
        minimize="val_error",
        scheduler=SCHEDULERS[scheduler](),
        num_trials=24,
        seed=seed,
        backend="numpy",
        workers=workers,
        fuse=fuse,
        timeout=60,
    )
    assert len(study.trials) == 24
    assert TrialState.RUNNING not in {trial.state for trial in study.trials}
    assert not [note for topic, note in study.notes if topic == "stop"]
