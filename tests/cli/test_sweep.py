"""`hpo sweep`: what a killed search left behind is removed, and said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hpo as library

Command = Callable[..., Any]
SPACE = {"x": library.Float(0, 1)}


@pytest.fixture
def folder() -> Path:
    """That of the checkpoints of a study with a running trial, where a killed search left two files."""
    tuner = library.Tuner(None, SPACE, num_trials=3, seed=0, storage="study.db", name="a", keep="all")
    tuner.tell(tuner.ask(), 0.5)
    tuner.ask()
    assert tuner.study.history.folder is not None
    path = tuner.study.history.folder.path
    for number in range(2):
        (path / f"trial-{number:06d}").mkdir(parents=True)
        (path / f"trial-{number:06d}" / "000001-0.npz").write_bytes(b"1" * 1000)
        (path / f"trial-{number:06d}" / "000002-0.npz-0a1b2c3d.tmp").write_bytes(b"1" * 234)
    return path


def test_what_was_removed_is_said_and_what_runs_is_left(hpo: Command, folder: Path) -> None:
    answer = hpo("sweep", "study.db")
    assert (answer.code, answer.stderr) == (0, "")
    assert " ".join(answer.stdout.split()) == f"2 files (1.23 kB) of 'a' removed from {folder}"
    assert [path.name for path in folder.iterdir()] == ["trial-000001"]
    assert len(list((folder / "trial-000001").iterdir())) == 2
    assert hpo("sweep", "study.db", "a").stdout.startswith("0 files (0 B) of 'a' removed")


def test_whose_models_stay_can_be_said(hpo: Command) -> None:
    hpo(
        *("run", "own_objectives:learns", "--space", "space.toml", "--no-plot", "--storage", "study.db"),
        *("--trials", "3", "--keep", "all", "--name", "a"),
    )
    study = library.load_study("study.db")
    assert hpo("sweep", "study.db").stdout.startswith("0 files")
    assert all(trial.kept for trial in study.trials)
    hpo("sweep", "study.db", "--keep", "best")
    assert [trial.id for trial in study.trials if trial.kept] == [study.best.id]
    hpo("sweep", "study.db", "--keep", "none")
    assert not study.best.kept


def test_what_cannot_be_removed_is_an_error(hpo: Command, folder: Path) -> None:
    (folder / "trial-000000" / "000003-0.npz").mkdir()
    answer = hpo("sweep", "study.db")
    assert answer.code == 1
    assert "2 files (1.23 kB) of 'a' removed" in answer.stdout
    assert "trial-000000/000003-0.npz: Is a directory. Let its folder be written" in answer.stderr


def test_a_study_without_a_folder_of_checkpoints_has_nothing_to_remove(hpo: Command) -> None:
    library.search(lambda config: config["x"], SPACE, num_trials=1, seed=0, storage="study.db", name="a")
    assert hpo("sweep", "study.db").stdout.startswith("0 files (0 B)")


def test_a_wrong_call_is_answered_as_by_the_other_commands(hpo: Command, folder: Path) -> None:
    for call, said in [
        (("sweep", "other.db"), "other.db"),
        (("sweep", "study.db", "b"), "'b'"),
        (("sweep", "study.db", "--keep", "some"), "'some'"),
    ]:
        answer = hpo(*call)
        assert answer.code == 2
        assert said in answer.stderr
