"""Cohorts that were interrupted go on as if they had not been, to the last bit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.errors import SearchInterrupted
from hpo.storage.events import Event
from hpo.testing.small_tasks import Halving, SmallTask

NUM_TRIALS = 6
# The second of them ends in NaN on its way.
POINTS = [{"learning_rate": 0.1}, {"learning_rate": 1e38}, {"learning_rate": 0.02, "momentum": 0.5}]


def search(path: Path, *, resume: bool = False, callbacks: Any = (), **options: Any) -> hpo.Study:
    return hpo.search(
        SmallTask(),
        SmallTask.space,
        minimize="val_loss",
        num_trials=NUM_TRIALS,
        seed=0,
        backend="numpy",
        storage=path,
        name="study",
        resume=resume,
        keep="all",
        points_to_evaluate=POINTS,
        callbacks=callbacks,
        **options,
    )


def scheduler_of(name: str) -> Any:
    if name == "asha":
        return hpo.ASHA(1, 4, eta=2)
    return Halving(NUM_TRIALS) if name == "halving" else name


def same(one: hpo.Study, other: hpo.Study) -> bool:
    return list(one.trials) == list(other.trials)


@pytest.mark.parametrize("scheduler", ["fifo", "halving", "asha"])
def test_a_search_that_was_killed_goes_on_exactly(tmp_path: Path, scheduler: str) -> None:
    """The storage is copied after every few events, as a kill at that moment would leave it."""
    home = tmp_path / "whole"
    home.mkdir()
    cuts: list[Path] = []
    count = 0

    def cut(event: Event, study: hpo.Study) -> None:
        nonlocal count
        count += 1
        if count % 7 == 0:
            cuts.append(tmp_path / f"cut-{count}")
            shutil.copytree(home, cuts[-1])

    whole = search(home / "study.db", callbacks=[cut], scheduler=scheduler_of(scheduler))
    assert whole.num_failed == 1
    assert len(cuts) > 4
    for folder in cuts:
        again = search(folder / "study.db", resume=True, scheduler=scheduler_of(scheduler))
        assert same(again, whole), folder.name


@pytest.mark.parametrize("moment", [3, 20, 33, 47])
def test_ctrl_c_ends_a_cohort_that_goes_on_exactly(tmp_path: Path, moment: int) -> None:
    count = 0

    def interrupt(event: Event, study: hpo.Study) -> None:
        nonlocal count
        count += 1
        if count == moment:
            raise KeyboardInterrupt

    whole = search(tmp_path / "whole.db")
    with pytest.raises(SearchInterrupted):
        search(tmp_path / "cut.db", callbacks=[interrupt])
    assert same(search(tmp_path / "cut.db", resume=True), whole)


def test_all_members_of_a_cohort_stand_at_the_same_epoch_after_ctrl_c(tmp_path: Path) -> None:
    count = 0

    def interrupt(event: Event, study: hpo.Study) -> None:
        nonlocal count
        count += event.epoch == 2
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(SearchInterrupted) as caught:
        search(tmp_path / "cut.db", callbacks=[interrupt], fuse=NUM_TRIALS)
    epochs = {len(trial.reports) for trial in caught.value.study.trials if trial.id != 1}
    assert epochs == {0, 2}  # those of the other batch size wait


def test_a_study_in_memory_goes_on_exactly_from_its_start() -> None:
    count = 0

    def interrupt(event: Event, study: hpo.Study) -> None:
        nonlocal count
        count += 1
        if count == 30:
            raise KeyboardInterrupt

    arguments: dict[str, Any] = {"minimize": "val_loss", "num_trials": 5, "seed": 0, "backend": "numpy"}
    space = {"learning_rate": hpo.Float(1e-4, 1, log=True)}
    whole = hpo.search(SmallTask(), space, **arguments)
    tuner = hpo.Tuner(SmallTask(), space, **arguments, callbacks=[interrupt])
    with pytest.raises(SearchInterrupted):
        tuner.run()
    assert same(tuner.run(), whole)
