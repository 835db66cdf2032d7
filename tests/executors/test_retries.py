"""A search whose worker processes are lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.storage.events import EventKind

SPACE = {"x": hpo.Float(0, 1)}


class DiesInEpoch2:
    """A training whose process is killed in its second epoch, so many times."""

    def __init__(self, marks: Path, times: int) -> None:
        self._marks = marks
        self._times = times

    def __call__(self, config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        weights = np.ones(1)
        trial.checkpoint(model=weights)
        for epoch in trial.epochs(3):
            marks = self._marks / f"trial-{trial.id}"
            with marks.open("a") as file:
                file.write(f"{epoch} ")
            if epoch == 2 and trial.id == 0 and marks.read_text().count("2") <= self._times:
                os.kill(os.getpid(), signal.SIGKILL)
            weights *= 0.5
            yield float(weights[0])


def search(tmp_path: Path, times: int, max_retries: int) -> hpo.Study:
    return hpo.search(
        DiesInEpoch2(tmp_path, times),
        SPACE,
        num_trials=2,
        seed=0,
        storage=tmp_path / "s.db",
        workers=hpo.Workers(1, max_retries=max_retries),
    )


def test_a_lost_trial_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    study = search(tmp_path, times=2, max_retries=2)
    assert [(trial.state.value, trial.value, trial.attempt) for trial in study.trials] == [
        ("completed", 0.125, 2),
        ("completed", 0.125, 0),
    ]
    assert (tmp_path / "trial-0").read_text() == "1 2 2 2 3 "


def test_the_log_says_how_often_and_why(tmp_path: Path) -> None:
    study = search(tmp_path, times=1, max_retries=1)
    lost = [event.data.get("lost") for event in study.events if event.kind is EventKind.TRIAL_STARTED]
    assert "SIGKILL" in str(lost[1])


def test_a_trial_that_needs_more_memory_than_it_may_is_not_run_again(tmp_path: Path) -> None:
    def greedy(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
        held = bytearray(os.urandom(1) * (400 * 2**20)) if trial.id == 0 else b""
        time.sleep(60 if held else 0)
        return 0.5

    workers = hpo.Workers(1, memory_limit=300 * 2**20)
    study = hpo.search(greedy, SPACE, num_trials=2, seed=0, storage=tmp_path / "s.db", workers=workers)
    assert [(trial.state.value, trial.attempt) for trial in study.trials] == [("failed", 0), ("completed", 0)]
    [failure] = [event for event in study.events if event.kind is EventKind.TRIAL_FAILED]
    assert failure.data["kind"] == "memory"


def test_after_its_retries_it_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    study = search(tmp_path, times=9, max_retries=1)
    first, second = study.trials
    assert (first.state, first.attempt, second.value) == (hpo.study.TrialState.FAILED, 1, 0.125)
    assert "SIGKILL" in (first.reason or "")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: hpo.Workers(0), "workers is an integer of at least 1; received 0"),
        (lambda: hpo.Workers(2, threads=0), r"Workers\(threads=\) is an integer of at least 1; received 0"),
        (
            lambda: hpo.Workers(2, memory_limit=-1),
            r"Workers\(memory_limit=\) is a number above 0; received -1",
        ),
        (lambda: hpo.Workers(2, max_retries=-1), r"Workers\(max_retries=\), unless 0, is an integer of at"),
    ],
)
def test_numbers_out_of_range_are_refused(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()
