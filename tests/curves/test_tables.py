"""Learning curves that are recorded, kept in files, and replayed."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.tasks.curves import SHIPPED

SPACE = {"rate": hpo.Float(1e-4, 1, log=True), "kind": hpo.Choice(["a", "b"])}


def train(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    for epoch in range(1, 5):
        if config["rate"] > 0.3 and epoch == 3:
            yield {"error": math.nan, "seconds": 2.0}
        yield {
            "error": abs(math.log10(config["rate"]) + 2) + 1 / epoch,
            "seconds": 0.5 + (config["kind"] == "a"),
        }


@pytest.fixture
def study() -> hpo.Study:
    return hpo.search(train, SPACE, minimize="error", num_trials=30, seed=0)


def test_a_replayed_study_is_the_recorded_one(study: hpo.Study) -> None:
    curves = hpo.record_curves(study)
    again = hpo.search(curves, curves.space, minimize="error", num_trials=30, seed=0)
    assert study.num_failed
    assert [trial.reports for trial in again.trials] == [trial.reports for trial in study.trials]
    assert again.best == study.best
    assert curves.best == study.best.value


def test_a_file_gives_the_table_back_in_single_precision(study: hpo.Study, tmp_path: Path) -> None:
    curves = hpo.record_curves(study, name="mine")
    read = hpo.replay_curves(curves.save(tmp_path / "mine.npz"))
    assert repr(read) == "<LearningCurves 'mine': 30 configs, 4 epochs>"
    assert read.space == curves.space
    assert read.configs == curves.configs
    assert (read.metric, read.max_epochs) == (hpo.study.Metric("error"), 4)
    for name in ("error", "seconds"):
        np.testing.assert_allclose(read.values[name], curves.values[name], rtol=1e-6)


def test_a_config_that_was_not_recorded_gets_the_nearest_curve(study: hpo.Study) -> None:
    curves = hpo.record_curves(study)
    row = next(row for row, config in enumerate(curves.configs) if config["kind"] == "b")
    near = curves.configs[row] | {"rate": float(str(curves.configs[row]["rate"])) * 1.0001}
    assert curves.nearest(near) == row
    assert list(curves(near)) == list(curves(curves.configs[row]))
    with pytest.raises(hpo.errors.SpaceError, match="kind"):
        curves.nearest({"rate": 0.1})


def test_seconds_come_from_the_log_where_the_objective_names_none() -> None:
    def quick(config: dict[str, Any]) -> Iterator[float]:
        yield from (3.0, 2.0, 1.0)

    study = hpo.search(quick, {"x": hpo.Float(0, 1)}, num_trials=3, seed=0)
    seconds = hpo.record_curves(study).values["seconds"]
    assert seconds.shape == (3, 3)
    assert (seconds >= 0).all()
    assert seconds.sum() <= study.events[-1].elapsed


def test_trials_that_were_cut_off_can_be_left_out() -> None:
    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for epoch in trial.epochs():
            yield config["x"] / epoch

    study = hpo.search(curve, {"x": hpo.Float(0, 1)}, scheduler=hpo.ASHA(1, 9), num_trials=9, seed=0)
    curves = hpo.record_curves(study)
    assert len(curves) == 9
    assert len(curves.trained(9)) == study.num_completed
    assert len(curves.trained(3)) > study.num_completed


def test_a_study_without_epochs_has_no_curves() -> None:
    study = hpo.search(lambda config: 1.0, {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
    with pytest.raises(ValueError, match="No trial of the study 'study' reported an epoch"):
        hpo.record_curves(study)


def test_a_curve_has_every_epoch() -> None:
    def jumps(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        yield {"error": 1.0, "epoch": 5}

    study = hpo.search(jumps, {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
    with pytest.raises(ValueError, match=r"Trial 0 reported epochs \[5\]; a learning curve has every epoch"):
        hpo.record_curves(study)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no learning curves 'softmx'. Did you mean 'softmax'\?") as raised:
        hpo.replay_curves("softmx")
    assert all(name in str(raised.value) for name in SHIPPED)
    (tmp_path / "wrong.npz").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(ValueError, match="is no table of learning curves"):
        hpo.replay_curves(tmp_path / "wrong.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="is no table of learning curves"):
        hpo.replay_curves(tmp_path / "other.npz")


def test_shapes_that_do_not_fit_are_refused() -> None:
    arguments: dict[str, Any] = {
        "name": "x",
        "space": hpo.Space({"x": hpo.Float(0, 1)}),
        "metric": hpo.study.Metric("e"),
    }
    with pytest.raises(ValueError, match=r"have shape \(1, 3\); \(1, 2\) was expected"):
        hpo.tasks.LearningCurves(
            **arguments, configs=[{"x": 0.1}], values={"e": np.zeros((1, 3))}, lengths=[2]
        )
    with pytest.raises(ValueError, match="at least one config with values of 'e'; received 0 configs"):
        hpo.tasks.LearningCurves(**arguments, configs=[], values={}, lengths=[])


@pytest.mark.parametrize(
    ("name", "least", "epochs"), [("lenet", 24, 9), ("mlp", 200, 27), ("softmax", 200, 27)]
)
def test_the_tables_that_come_with_the_library_are_whole(name: str, least: int, epochs: int) -> None:
    assert name in SHIPPED
    curves = hpo.replay_curves(name)
    assert curves.max_epochs == epochs
    assert len(curves) >= least
    assert curves.metric == hpo.study.Metric("val_error")
    assert curves.best < 0.2
    assert np.nanmin(curves.values["seconds"]) > 0
    study = hpo.search(curves, curves.space, minimize="val_error", scheduler="asha", num_trials=30, seed=0)
    assert study.best.reports[-1].epoch == epochs
