"""What a search says once: that trials begin again each time that they go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.schedulers import Scheduler
from hpo.tuner.remarks import REPEATED

SPACE = {"x": hpo.Float(0, 1)}


def reports(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> None:
    for epoch in trial.epochs():
        hpo.report(config["x"], epoch=epoch)


def told(config: dict[str, Any], max_epochs: int = 9) -> float:
    return float(config["x"]) / max_epochs


def yields(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    for _ in trial.epochs():
        yield config["x"]


def keeps(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> None:
    trial.checkpoint(model=np.zeros(1))
    reports(config, trial)


def remarks(objective: Callable[..., Any], scheduler: Scheduler | None = None, **options: Any) -> list[str]:
    study = hpo.search(
        objective, SPACE, scheduler=scheduler or hpo.ASHA(1, 9, eta=3), num_trials=12, seed=0, **options
    )
    return [note.text for note in study.notes if note.topic == REPEATED]


@pytest.mark.parametrize("objective", [reports, told])
@pytest.mark.parametrize("scheduler", [hpo.ASHA(1, 9, eta=3), hpo.SuccessiveHalving(1, 9, eta=3)])
def test_a_function_that_begins_again_at_each_promotion_is_told_so_once(
    objective: Any, scheduler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    [text] = remarks(objective, scheduler)
    assert text.startswith("A trial that was paused begins again at epoch 1 when it goes on")
    assert (
        "Yield the metrics once per epoch, in place of a report or a result, or call trial.checkpoint("
        in text
    )
    assert [record.getMessage() for record in caplog.records] == [text]


def test_a_generator_that_waits_loses_nothing() -> None:
    assert remarks(yields) == []


def test_nor_does_what_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    assert remarks(keeps, storage=tmp_path / "study.db") == []


def test_nor_a_function_that_is_never_paused() -> None:
    assert remarks(reports, hpo.MedianStopping(9)) == []


def test_nor_a_generator_that_made_room_for_others() -> None:
    assert remarks(yields, hpo.SuccessiveHalving(1, 9, eta=3, num_trials=12)) == []
