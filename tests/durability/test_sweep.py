"""What a killed search leaves behind, and what of it a resume removes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.datasets import fashion_mnist
from hpo.schedulers import CONTINUE, Grant
from hpo.study.sweep import Swept, sweep
from hpo.study.writer import Writer
from hpo.tasks import SoftmaxTask
from tests.durability.instants import at_every_instant, photographed

SPACE = {"x": hpo.Float(0, 1)}
SOFTMAX = SoftmaxTask(max_epochs=2, data=fashion_mnist("sample"))


def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    """Best at its second epoch."""
    weights = np.array([config["x"], 0.0])
    trial.checkpoint(model=weights)
    for epoch in trial.epochs(3):
        weights[1] = epoch
        yield config["x"] * abs(epoch - 2.25)


class Clones(hpo.schedulers.Scheduler):
    """Starts each trial from the one before it, which waits."""

    max_epochs = 3

    def next(self, study: hpo.Study, *, can_start: bool) -> Grant | hpo.schedulers.End | None:
        history = study.history
        if can_start:
            return Grant(until=2, start_from=history.num_trials - 1 if history.num_trials else None)
        waiting = list(history.paused)
        return Grant(trial=waiting[0]) if waiting else None

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        return CONTINUE


CASES: dict[str, dict[str, Any]] = {
    "serial": {},
    "all": {"keep": "all"},
    "none": {"keep": "none"},
    "asha": {"scheduler": hpo.ASHA(1, 3, eta=3)},
    "stopping": {"scheduler": hpo.ASHA(1, 3, eta=3, kind="stopping"), "keep": "all"},
    "clones": {"scheduler": Clones(), "keep": "all"},
    "cohort": {
        "objective": SOFTMAX,
        "space": SOFTMAX.space,
        "minimize": SOFTMAX.metric,
        "fuse": 2,
        "num_trials": 2,
    },
}


def search(folder: Path, **options: Any) -> hpo.Study:
    given: dict[str, Any] = {"objective": train, "space": SPACE, "num_trials": 3, "seed": 0, "name": "a"}
    return hpo.search(storage=folder / "s.db", resume=True, **(given | options))


def there(study: hpo.Study) -> set[Path]:
    """All that lies in the folder of a study's checkpoints."""
    assert study.history.folder is not None
    return set(study.history.folder.path.rglob("*"))


def needed(study: hpo.Study) -> set[Path]:
    """What of it belongs there: the checkpoints of its trials, and the folders that they are in."""
    kept = {Path(point.path) for trial in study.trials for point in trial.kept}
    return kept | {path.parent for path in kept}


def epochs(study: hpo.Study) -> list[list[int]]:
    return [[point.epoch for point in trial.kept] for trial in study.trials]


@pytest.mark.parametrize("case", CASES)
def test_after_a_kill_at_any_instant_a_resume_leaves_what_is_needed_and_nothing_else(
    tmp_path: Path, case: str
) -> None:
    (tmp_path / "killed").mkdir()
    with photographed(tmp_path / "killed", tmp_path / "album") as copies:
        whole = search(tmp_path / "killed", **CASES[case])
    assert there(whole) == needed(whole)
    littered = 0
    for copy in copies:
        # The first ones come before there is a study.
        if not (copy / "s.db").exists():
            continue
        resumed = search(copy, **CASES[case])
        assert resumed.trials == whole.trials, copy
        assert there(resumed) == needed(resumed), copy
        assert epochs(resumed) == epochs(whole), copy
        littered += 1
    assert littered > 40


def swept(file: Path) -> Swept:
    """What a process that only sweeps does."""
    study = hpo.load_study(file)
    return sweep(study.history, study.history.keep or "all", Writer(study).read_on)


@pytest.mark.parametrize("case", CASES)
def test_a_sweep_at_any_instant_of_another_tuner_s_search_changes_nothing(tmp_path: Path, case: str) -> None:
    for name in ("whole", "swept"):
        (tmp_path / name).mkdir()
    whole = search(tmp_path / "whole", **CASES[case])
    sweeps: list[Swept] = []
    file = tmp_path / "swept" / "s.db"

    def others_sweep() -> None:
        if file.exists() and hpo.storage.open_storage(file).studies():
            sweeps.append(swept(file))

    with at_every_instant(others_sweep):
        study = search(tmp_path / "swept", **CASES[case])
    assert len(sweeps) > 40
    assert study == whole  # its notes, too: no trial had to start from its first epoch
    assert epochs(study) == epochs(whole)
    assert there(study) == needed(study)


def littered(tmp_path: Path, **options: Any) -> hpo.Study:
    """A study with files of each kind in the folders of its trials, and of one that is not in the log."""
    study = search(tmp_path, **options)
    folder = study.history.folder
    assert folder is not None
    for trial in range(4):
        for name in ("000001-0.npz", "000009-7.npz", "000001-0.npz-0a1b2c3d.tmp", "notes.txt", "1-0.npz"):
            place = folder.path / f"trial-{trial:06d}" / name
            place.parent.mkdir(exist_ok=True)
            if not place.exists():
                place.write_bytes(b"123")
    (folder.path / "trial-000001" / "000002-8.npz").mkdir()
    (folder.path / "elsewhere").mkdir()
    (folder.path / "elsewhere" / "000001-0.npz").touch()
    (folder.path / "trial-000000").rename(tmp_path / "moved")
    (folder.path / "trial-000000").symlink_to(tmp_path / "moved")
    return study


def test_only_what_has_our_names_in_our_folders_goes(tmp_path: Path) -> None:
    study = littered(tmp_path, keep="none")
    assert study.history.folder is not None
    before = there(study) | set((tmp_path / "moved").iterdir())
    found = swept(tmp_path / "s.db")
    # Of the trials 1 and 2: the first is a link, and the last is not in the log.
    assert found[:2] == (6, 18)
    assert "trial-000001/000002-8.npz: Is a directory" in str(found.refused)
    gone = before - there(study) - set((tmp_path / "moved").iterdir())
    assert {path.parent.name for path in gone} == {"trial-000001", "trial-000002"}
    assert {path.name for path in gone} == {"000001-0.npz", "000009-7.npz", "000001-0.npz-0a1b2c3d.tmp"}


def test_a_study_keeps_what_it_was_begun_with_unless_a_resume_says_otherwise(tmp_path: Path) -> None:
    assert epochs(search(tmp_path, keep="all")) == [[2, 3]] * 3
    study = search(tmp_path, num_trials=4)
    assert epochs(study) == [[2, 3]] * 4
    assert [note.topic for note in study.notes] == ["search"]
    study = search(tmp_path, num_trials=4, keep="best")
    assert sorted(epochs(study)) == [[], [], [], [2, 3]]
    assert study.notes[1:] == (("keep", "best, from here on"),)
    assert epochs(search(tmp_path, num_trials=6, keep="all"))[4:] == [[2, 3]] * 2
    assert hpo.load_study(tmp_path / "s.db").history.keep == "all"


def test_an_older_log_that_does_not_say_what_is_kept_loses_no_model(tmp_path: Path) -> None:
    study = search(tmp_path, keep="all")
    change = "UPDATE hpo_events SET text = json_remove(text, '$.keep') WHERE kind = 'study_created'"
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection, connection:
        connection.execute(change)
    assert epochs(search(tmp_path)) == epochs(study) == [[2, 3]] * 3
    assert sorted(epochs(search(tmp_path, keep="best"))) == [[], [], [2, 3]]


def test_a_folder_that_cannot_be_swept_ends_no_resume(tmp_path: Path) -> None:
    study = search(tmp_path)
    shutil.rmtree(study.history.folder.path)  # type: ignore[union-attr]  # a stored study has one
    study.history.folder.path.touch()  # type: ignore[union-attr]  # a stored study has one
    assert search(tmp_path).trials == study.trials
