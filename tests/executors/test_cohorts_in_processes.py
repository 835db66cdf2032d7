"""A cohort for each worker process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil
import pytest

import hpo
from hpo.checkpoints import CheckpointFolder
from hpo.executors import Executor, OnProgress
from hpo.executors.placement import Placement
from hpo.executors.processes import ProcessExecutor
from hpo.objective.function import Objective
from hpo.storage.events import Event, EventKind
from hpo.testing.executors import DecisionsContract, EndsContract
from hpo.testing.small_tasks import EPOCHS, Halving, SmallTask

RATES = hpo.Space({"learning_rate": hpo.Float(1e-4, 0.16, log=True)})


def search(task: Any = None, **options: Any) -> hpo.Study:
    settings: dict[str, Any] = {"num_trials": 6, "seed": 0, "backend": "numpy", "minimize": "val_loss"}
    return hpo.search(task or SmallTask(), RATES, **settings | options)


def cohorts(study: hpo.Study) -> list[list[int]]:
    return [event.data["trials"] for event in study.events if event.kind is EventKind.COHORT_FORMED]


def last_losses(study: hpo.Study) -> list[float]:
    return [trial.reports[-1].metrics["val_loss"] for trial in study.trials]


def test_each_worker_trains_a_cohort() -> None:
    study = search(workers=2)
    assert sorted(cohorts(study)) == [[0, 1, 2], [3, 4, 5]]
    assert last_losses(study) == pytest.approx(last_losses(search(fuse=1)), abs=1e-5)
    assert all(len(trial.reports) == EPOCHS for trial in study.trials)


def test_a_limit_of_single_trials_is_one_of_single_trials() -> None:
    limited = hpo.Workers(1, trial_timeout=1000)
    assert cohorts(search(workers=limited, num_trials=2)) == []
    assert cohorts(search(workers=limited, num_trials=2, fuse=2)) == [[0, 1]]


def test_a_rung_is_shared_out_among_the_workers() -> None:
    study = search(workers=2, scheduler=Halving(4), num_trials=4)
    assert sorted(cohorts(study)[:2]) == [[0, 1], [2, 3]]
    alone = search(scheduler=Halving(4), num_trials=4, fuse=1)
    assert [len(trial.reports) for trial in study.trials] == [len(trial.reports) for trial in alone.trials]


def test_the_trials_of_a_lost_worker_go_on_together(tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(event: Event, study: hpo.Study) -> None:
        if event.epoch == 2 and not killed:
            workers = [one for one in psutil.Process().children(True) if one.ppid() != os.getpid()]
            killed.extend(one.pid for one in workers)
            for one in workers:
                one.kill()

    study = search(
        workers=hpo.Workers(1), num_trials=3, storage=tmp_path / "study.db", keep="all", callbacks=[kill]
    )
    assert killed
    assert [trial.attempt for trial in study.trials] == [1, 1, 1]
    assert cohorts(study) == [[0, 1, 2]]
    assert last_losses(study) == last_losses(search(num_trials=3))


def test_the_reports_of_an_epoch_are_recorded_at_once(tmp_path: Path) -> None:
    sizes: list[int] = []

    def look(event: Event, study: hpo.Study) -> None:
        if event.kind is EventKind.REPORTED and event.trial == 0:
            sizes.append(sum(len(trial.reports) == event.epoch for trial in study.trials))

    study = search(workers=hpo.Workers(1), num_trials=3, callbacks=[look], storage=tmp_path / "study.db")
    assert cohorts(study) == [[0, 1, 2]]
    assert sizes == [3] * EPOCHS


class TestParties(DecisionsContract, EndsContract):
    """An objective that cannot be fused is none the worse for it."""

    def make(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
        max_paused: int,
    ) -> Executor:
        return ProcessExecutor(
            objective, placement, on_progress, folder, workers=1, max_paused=max_paused, fuse=4
        )
