"""What the results of a study say, or why they say nothing."""

from __future__ import annotations

from pathlib import Path

import hpo
from hpo.page.analysis import analysis
from tests.page import studies


def test_why_there_is_no_importance_is_said(tmp_path: Path) -> None:
    found = analysis(studies.empty(tmp_path))
    assert found["importance"] is None
    assert found["importance_why"].startswith("Importance needs at least 8 trials that ended")
    assert found["contours"] == []


def test_contours_are_of_the_hyperparameters_that_mattered(tmp_path: Path) -> None:
    study = hpo.search(
        lambda config: (config["rate"] - 0.5) ** 2 + (config["optimizer"] == "sgd"),
        {
            "rate": hpo.Float(0.01, 1, log=True),
            "optimizer": hpo.Choice(["sgd", "adam"]),
            "none": hpo.Int(1, 9),
        },
        num_trials=80,
        seed=0,
    )
    found = analysis(study)
    first = found["contours"][0]
    assert (
        {first["x"], first["y"]}
        == {"rate", "optimizer"}
        == {each["name"] for each in found["importance"][:2]}
    )
    assert len(first["z"]) == len(first["ys"])
    assert {len(line) for line in first["z"]} == {len(first["xs"])}
    columns, rows = (first["xs"], first["ys"]) if first["x"] == "rate" else (first["ys"], first["xs"])
    assert rows == ["sgd", "adam"]
    assert 0.01 < columns[0] < columns[-1] < 1
    values = [cell for line in first["z"] for cell in line if cell is not None]
    assert 0 <= min(values) < max(values) <= 1.25


def test_where_few_trials_complete_a_contour_is_of_the_last_epoch_that_enough_reached(tmp_path: Path) -> None:
    study = studies.asha(tmp_path)
    found = analysis(study)["contours"]
    assert study.num_completed == 3
    assert {(each["epoch"], each["trials"]) for each in found} == {(3, 15)}
    assert [each["epoch"] for each in analysis(studies.failures(tmp_path))["contours"]] == 6 * [None]
