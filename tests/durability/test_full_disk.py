"""A disk that is full, or must not be written: it costs checkpoints, and is told of once, with its cause."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.checkpoints import files
from hpo.errors import CheckpointError
from hpo.storage.events import EventKind

SPACE = {"x": hpo.Float(0, 1)}
OF_A_DISK = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES]
Fill = Callable[[int], None]


def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    weights = np.array([config["x"], 0.0])
    trial.checkpoint(model=weights)
    for epoch in trial.epochs(3):
        weights[1] = epoch
        yield config["x"] / epoch


def train_with_little_room(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    """Its process may write no file of more than a few bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        yield from train(config, trial)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def saved_unreported(config: dict[str, Any]) -> float:
    """As a Trainer does that no scheduler watches."""
    trial = hpo.objective.current_trial()
    trial.checkpoint(model=np.zeros(2))
    for epoch in range(1, 4):
        trial.host.save(epoch)
    return float(config["x"])


def search(file: Path, objective: Callable[..., Any] = train, **options: Any) -> hpo.Study:
    given: dict[str, Any] = {"num_trials": 6, "seed": 0, "storage": file} | options
    return hpo.search(objective, SPACE, **given)


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Let the system refuse to write checkpoints, with an error of that number."""

    def fill(number: int) -> None:
        def refuse(*arguments: Any) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(files, "_write_archive", refuse)

    return fill


def noted(study: hpo.Study) -> list[str]:
    return [note.text for note in study.notes if note.topic == "checkpoints"]


@pytest.mark.parametrize("number", OF_A_DISK, ids=errno.errorcode.get)
@pytest.mark.parametrize("objective", [train, saved_unreported])
def test_what_the_system_says_is_told_once_and_noted_once(
    objective: Callable[..., Any],
    number: int,
    tmp_path: Path,
    fill: Fill,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = search(tmp_path / "whole.db", objective)
    fill(number)
    study = search(tmp_path / "s.db", objective)
    assert study.trials == whole.trials
    [warning] = caplog.messages
    assert warning.startswith("Trial 0: The checkpoint ")
    assert f"could not be written: {os.strerror(number)}. Nothing that was there was changed." in warning
    assert warning.endswith("The search goes on. What else is of this kind is in the study's notes.")
    for each in (study, hpo.load_study(tmp_path / "s.db")):
        [note] = noted(each)
        assert f"Checkpoints of 6 trials could not be written: {os.strerror(number)}. The first" in note
        assert str(each).count("could not be written") == 1
    assert len([event for event in study.events if event.kind is EventKind.NOTED]) == len(study.trials)


def test_a_model_that_is_not_there_has_the_right_cause(tmp_path: Path, fill: Fill) -> None:
    fill(errno.ENOSPC)
    best = search(tmp_path / "s.db").best
    for look in (best.arrays, best.checkpoint, lambda: best.load_into(np.zeros(2))):
        with pytest.raises(
            CheckpointError, match=r"not be written: No space left on device\. Mend"
        ) as raised:
            look()
        assert "keep=" not in str(raised.value)


def test_the_limits_of_worker_processes_are_told_of_in_the_same_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = search(tmp_path / "s.db", train_with_little_room, workers=2)
    assert study.trials == search(tmp_path / "whole.db").trials
    assert len(caplog.messages) == 1
    [note] = noted(study)
    assert "Checkpoints of 6 trials could not be written: File too large. The first was " in note
    with pytest.raises(CheckpointError, match="could not be written: File too large"):
        study.best.arrays()


def test_once_there_is_room_again_checkpoints_are_written_again(
    tmp_path: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(errno.ENOSPC)

    def make_room(event: hpo.study.Event, study: hpo.Study) -> None:
        if event.trial == 1 and event.epoch == 1:
            monkeypatch.undo()

    study = search(tmp_path / "s.db", keep="all", callbacks=make_room)
    # The last epoch is the best one of each trial.
    assert [[point.epoch for point in trial.kept] for trial in study.trials] == [[]] + [[3]] * 5
    assert study.best.arrays()["model"].tolist() == [study.best.config["x"], 3.0]
    [note] = noted(study)
    assert note.startswith("Checkpoints of 2 trials could not be written")


def test_each_reason_has_a_note_and_a_warning_of_its_own(
    tmp_path: Path, fill: Fill, caplog: pytest.LogCaptureFixture
) -> None:
    fill(errno.ENOSPC)

    def protect(event: hpo.study.Event, study: hpo.Study) -> None:
        if event.trial == 3:
            fill(errno.EROFS)

    study = search(tmp_path / "s.db", callbacks=protect)
    assert ["No space left" in text for text in caplog.messages] == [True, False]
    assert [note.partition(" could")[0] for note in noted(study)] == [
        "Checkpoints of 3 trials",
        "Checkpoints of 3 trials",
    ]


def test_many_notes_of_an_older_log_are_shown_as_one(tmp_path: Path) -> None:
    tuner = hpo.Tuner(None, SPACE, seed=0, storage=tmp_path / "s.db")
    tuner.note("data", "the sample")
    for number in range(19):
        place = f"s.db-files/study/trial-{number % 6:06d}/{number:06d}-0.npz"
        tuner.note(
            "checkpoints",
            f"trial {number % 6}: The checkpoint {place} could not be written: No space left on device. "
            f"Nothing that was there was changed. Make room on the disk or let the folder be written; "
            f"keep='none' does without checkpoints.",
        )
    tuner.note("checkpoints", "trial 1: The trial starts from its first epoch. There is no checkpoint a.npz.")
    tuner.note("stop", "by hand")
    study = hpo.load_study(tmp_path / "s.db")
    assert [note.topic for note in study.notes] == ["search", "data", "checkpoints", "checkpoints", "stop"]
    assert noted(study)[0].startswith(
        "Checkpoints of 6 trials could not be written: No space left on device. The first was "
        "s.db-files/study/trial-000000/000000-0.npz. Make room"
    )
    assert str(study).count("No space left on device") == 1


def test_a_trial_that_was_to_start_from_such_a_checkpoint_says_why_it_cannot(
    tmp_path: Path, fill: Fill
) -> None:
    class Clones(hpo.schedulers.Scheduler):
        """Starts each trial from the one before it."""

        def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
            parent = len(study.trials) - 1
            return hpo.schedulers.Grant(start_from=parent if parent >= 0 else None) if can_start else None

        def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
            return hpo.schedulers.CONTINUE

    fill(errno.ENOSPC)
    with pytest.raises(
        CheckpointError, match="from trial 0, whose checkpoints could not be written: No space"
    ):
        search(tmp_path / "s.db", scheduler=Clones())
