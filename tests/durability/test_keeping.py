"""Which trained models stay on the disk, and how they come back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo

SPACE = {"x": hpo.Float(0, 1)}
POINTS = [{"x": 0.5}, {"x": 0.25}, {"x": 0.75}]
ERRORS = (3.0, 1.0, 2.0)


def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    """Best at its second epoch of three; its model says of which config and epoch it is."""
    weights = np.array([config["x"], 0.0])
    trial.checkpoint(model=weights)
    for epoch in trial.epochs(3):
        weights[1] = epoch
        yield config["x"] * ERRORS[epoch - 1]


def search(file: Path, **options: Any) -> hpo.Study:
    return hpo.search(train, SPACE, num_trials=3, points_to_evaluate=POINTS, seed=0, storage=file, **options)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.npz"))


def test_by_default_the_best_trial_s_best_and_last_epoch_are_kept(tmp_path: Path) -> None:
    study = search(tmp_path / "s.db")
    assert len(files(tmp_path)) == 2
    assert [(point.trial, point.epoch) for point in study.best.kept] == [(1, 2), (1, 3)]
    assert [trial.kept for trial in study.trials if trial.id != 1] == [(), ()]


def test_all_or_none_can_be_kept(tmp_path: Path) -> None:
    every = search(tmp_path / "all.db", keep="all")
    assert [len(trial.kept) for trial in every.trials] == [2, 2, 2]
    assert [trial.kept for trial in search(tmp_path / "none.db", keep="none").trials] == [(), (), ()]


def test_a_running_trial_never_has_more_than_two(tmp_path: Path) -> None:
    counts = []

    def count(event: hpo.study.Event, study: hpo.Study) -> None:
        counts.append(len(files(tmp_path)))

    search(tmp_path / "s.db", callbacks=[count])
    # Two of the best trial so far, two of the running one, and one that is written before one is deleted.
    assert max(counts) <= 5


def test_the_arrays_of_the_best_and_of_the_last_epoch_are_told_apart(tmp_path: Path) -> None:
    search(tmp_path / "s.db")
    best = hpo.load_study(tmp_path / "s.db").best
    assert best.best_epoch == 2
    assert best.arrays("best")["model"].tolist() == [0.25, 2.0]
    assert best.arrays("last")["model"].tolist() == [0.25, 3.0]


def test_the_best_model_is_loaded_into_one_of_the_same_shape(tmp_path: Path) -> None:
    study, model = search(tmp_path / "s.db"), np.zeros(2)
    study.best.load_into(model, "best")
    assert model.tolist() == [0.25, 2.0]
    with pytest.raises(hpo.errors.CheckpointError, match=r"\(2,\).*\(3,\)|\(3,\).*\(2,\)"):
        study.best.load_into(np.zeros(3))


def test_a_model_that_was_not_kept_is_an_error_that_says_how_to_keep_it(tmp_path: Path) -> None:
    study = search(tmp_path / "s.db")
    with pytest.raises(hpo.errors.CheckpointError, match=r"Trial 0 has no checkpoint.*keep="):
        study.trials[0].arrays()


@pytest.mark.parametrize(("value", "epoch", "number"), [("last", 3, 0.5), ("best", 2, 0.25)])
def test_by_default_the_model_of_the_value_comes_back(
    tmp_path: Path, value: Any, epoch: int, number: float
) -> None:
    best = search(tmp_path / "s.db", value=value).best
    assert (best.epoch, best.value) == (epoch, number)
    assert best.arrays()["model"].tolist() == best.arrays(epoch)["model"].tolist() == [0.25, epoch]


def test_an_epoch_that_was_not_kept_is_named_with_those_that_were(tmp_path: Path) -> None:
    best = search(tmp_path / "s.db").best
    with pytest.raises(
        hpo.errors.CheckpointError, match=r"has no checkpoint of epoch 1; kept are those of: 2, 3\."
    ):
        best.arrays(1)
    with pytest.raises(
        ValueError, match=r"epoch= is 'best', 'last', the number of an epoch.* received 'first'"
    ):
        best.arrays("first")  # type: ignore[arg-type]  # what is tested


def test_a_result_that_is_returned_after_the_reports_is_of_the_last_state(tmp_path: Path) -> None:
    def trains_on(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        weights = np.zeros(1)
        trial.checkpoint(model=weights)
        for epoch in trial.epochs(2):
            weights += 1
            yield 3.0 - epoch
        return 0.5  # type: ignore[return-value]  # an objective may return after its reports

    best = hpo.search(trains_on, SPACE, num_trials=1, storage=tmp_path / "s.db", value="best").best
    assert (best.value, best.epoch, best.value_was_returned) == (0.5, 2, True)
    assert best.arrays()["model"].tolist() == [2.0]


def test_a_failed_trial_leaves_no_files(tmp_path: Path) -> None:
    def fails(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        yield from train(config, trial)
        raise RuntimeError("too late")

    with pytest.raises(hpo.errors.SearchFailedError, match="too late"):
        hpo.search(fails, SPACE, num_trials=1, storage=tmp_path / "s.db", keep="all")
    assert files(tmp_path) == []


def test_without_a_storage_nothing_can_be_kept() -> None:
    with pytest.raises(ValueError, match="kept beside a storage: give storage= with keep='all'"):
        hpo.search(train, SPACE, num_trials=1, keep="all")


def test_what_to_keep_is_one_of_three(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keep= is 'best', 'all' or 'none'; received 'some'"):
        search(tmp_path / "s.db", keep="some")
    assert search(tmp_path / "s.db", keep="all").num_completed  # no study was left behind


@pytest.mark.parametrize("workers", [1, 2])
def test_a_folder_that_becomes_a_file_costs_the_checkpoints_and_nothing_else(
    tmp_path: Path, workers: int
) -> None:
    def replace(event: hpo.study.Event, study: hpo.Study) -> None:
        folder = study.history.folder
        assert folder is not None
        if event.trial == 1 and folder.path.is_dir():
            shutil.rmtree(folder.path)
            folder.path.touch()

    study = search(tmp_path / "s.db", callbacks=replace, keep="all", workers=workers)
    assert study.trials == search(tmp_path / "whole.db").trials
    assert [trial.kept for trial in study.trials] == [(), (), ()]
    assert "is a file, and no folder" in str(study)
    # With a new log of each worker, and another look at what was kept.
    assert search(tmp_path / "s.db", resume=True, workers=workers).trials == study.trials


def test_a_model_that_was_not_kept_is_missed_without_the_number_of_an_epoch() -> None:
    study = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
    with pytest.raises(
        hpo.errors.CheckpointError, match=r"Trial 0 has no checkpoint; kept are those of: none\. Models"
    ):
        study.best.arrays()
