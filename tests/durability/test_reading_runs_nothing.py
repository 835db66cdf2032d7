"""What is read stays data: no reader imports or runs what a file names."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.cli.entry import main
from hpo.errors import CheckpointError, HpoError, SpaceError
from hpo.space import Space, load_space_toml
from hpo.tasks import LearningCurves

NAME = "canary:sings"
SPACE = {"x": hpo.Float(0, 1, default=0.5)}
MEND = (
    rf"its constraints name '{NAME}'. Nothing that is read is imported or run. If you trust it, pass the "
    rf"function: space.with_functions\({{'{NAME}': function}}\)"
)


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module that must not get imported, and a file that appears if it is."""
    sang = tmp_path / "sang"
    (tmp_path / "canary.py").write_text(f"open({str(sang)!r}, 'w').close()\ndef sings(config): return True\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield sang
    sys.modules.pop("canary", None)


def run(*words: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["hpo", *words])
        main()


class Bomb:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> Any:
        return __import__, ("canary",)


def poisoned_study(path: Path) -> hpo.Study:
    """A study whose events name the canary wherever a name can stand."""
    hpo.search(lambda config: config["x"], SPACE, num_trials=3, seed=0, storage=path)
    with sqlite3.connect(path) as connection:
        [(text,)] = connection.execute("SELECT text FROM hpo_events WHERE kind = 'study_created'").fetchall()
        data = json.loads(text)
        data["space"]["constraints"] = [{"function": NAME}]
        for key in ("searcher", "scheduler"):
            data[key] = NAME
        data["objective"] = {"name": "canary.sings", "fingerprint": "0"}
        connection.execute("UPDATE hpo_events SET text = ? WHERE kind = 'study_created'", (json.dumps(data),))
    connection.close()
    return hpo.load_study(path)


def poisoned_space() -> Space:
    return Space.from_json({**Space(SPACE).to_json(), "constraints": [{"function": NAME}]})


USES: dict[str, Callable[[Space], object]] = {
    "sample": lambda space: space.sample(seed=0),
    "validate": lambda space: space.validate({"x": 0.5}),
    "satisfies": lambda space: space.satisfies({"x": 0.5}),
    "default": lambda space: space.default_config(),
    "search": lambda space: hpo.search(lambda config: 1.0, space, num_trials=1),
    "search from a point": lambda space: hpo.Tuner(None, space, points_to_evaluate=[{"x": 0.5}]),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("where", ["study", "json", "toml", "short toml"])
def test_a_function_that_a_file_names_is_not_imported(
    use: str, where: str, tmp_path: Path, canary: Path
) -> None:
    if where == "study":
        space = poisoned_study(tmp_path / "study.db").space
    elif where == "json":
        space = poisoned_space()
    else:
        entry = f"{{function = '{NAME}'}}" if where == "toml" else f"'{NAME}'"
        (tmp_path / "space.toml").write_text(
            f"constraints = [{entry}]\nx = {{type='float', low=0, high=1, default=0.5}}\n"
        )
        space = load_space_toml(tmp_path / "space.toml")
    assert space.missing_functions == (NAME,)
    with pytest.raises(SpaceError, match=MEND):
        USES[use](space)
    USES[use](space.with_functions({NAME: lambda config: True}))
    assert not canary.exists()


@pytest.mark.parametrize(
    "command",
    ["list {0}", "show {0}", "show {0} --trial 1", "export {0}", "plot {0} --kind history -o h.png"],
)
def test_no_command_imports_what_a_study_names(
    command: str, tmp_path: Path, canary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.db"
    study = poisoned_study(path)
    str(study), study.records(), study.hints
    with suppress(SystemExit):
        run(*command.format(path).split())
    assert "Traceback" not in capsys.readouterr().err
    assert not canary.exists()


def test_one_s_own_space_goes_on_with_such_a_study(tmp_path: Path) -> None:
    study = poisoned_study(tmp_path / "study.db")
    own = study.space.with_functions({NAME: lambda config: float(str(config["x"])) <= 0.5})
    options: dict[str, Any] = {"storage": tmp_path / "study.db", "resume": True, "seed": 0}
    with pytest.warns(UserWarning, match=r"changed since|goes on with"):
        whole = hpo.search(lambda config: config["x"], own, num_trials=8, **options)
    assert all(trial.config["x"] <= 0.5 for trial in list(whole.trials)[3:])


def test_curves_that_name_a_function_run_nothing(tmp_path: Path, canary: Path) -> None:
    study = hpo.search(lambda config: iter([config["x"]] * 2), SPACE, num_trials=4, seed=0)
    hpo.record_curves(study).save(tmp_path / "curves.npz")
    poison(tmp_path / "curves.npz")
    read = LearningCurves.load(tmp_path / "curves.npz")
    with pytest.raises(SpaceError, match=MEND):
        hpo.search(read, read.space, num_trials=2)
    assert not canary.exists()


def poison(path: Path) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    for name, array in arrays.items():
        if array.dtype.kind in "US" and '"constraints"' in str(array):
            document = json.loads(str(array))
            document["space"]["constraints"] = [{"function": NAME}]
            arrays[name] = np.array(json.dumps(document))
    np.savez(path, **arrays)


def test_a_checkpoint_with_pickled_objects_is_refused(tmp_path: Path, canary: Path) -> None:
    def learn(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        weight = np.zeros(2)
        trial.checkpoint(weight=weight)
        yield config["x"]

    study = hpo.search(learn, SPACE, num_trials=1, seed=0, storage=tmp_path / "s.db")
    path = Path(study.best.kept[-1].path)
    bomb = tmp_path / "bomb.npy"
    with bomb.open("wb") as file:
        np.lib.format.write_array(file, np.array([Bomb()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["0.npy"] = bomb.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(CheckpointError):
        study.best.arrays()
    assert not canary.exists()


@pytest.mark.parametrize("content", [pickle.dumps(Bomb()), b"import canary\n", b"\x80\x05"])
@pytest.mark.parametrize("reader", ["storage", "curves", "toml", "checkpoint"])
def test_a_file_of_another_kind_is_an_error(
    reader: str, content: bytes, tmp_path: Path, canary: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    readers: dict[str, Callable[[], object]] = {
        "storage": lambda: hpo.load_study(path),
        "curves": lambda: LearningCurves.load(path),
        "toml": lambda: load_space_toml(path),
        "checkpoint": lambda: hpo.checkpoints.Checkpoint(0, 0, 1, os.fspath(path)).load(),
    }
    with pytest.raises((HpoError, ValueError)):
        readers[reader]()
    assert not canary.exists()


def test_the_command_line_allows_a_function_by_name(tmp_path: Path, canary: Path, capsys: Any) -> None:
    (tmp_path / "space.toml").write_text(
        f"constraints = ['{NAME}']\nx = {{type='float', low=0, high=1, default=0.5}}\n"
    )
    (tmp_path / "train.py").write_text("def objective(config): return config['x']\n")
    job = ["run", "train:objective", "--space", "space.toml", "--trials", "2", "--no-plot"]
    with pytest.raises(SystemExit) as refused:
        run(*job)
    assert refused.value.code == 2
    assert f"--allow-function {NAME}" in " ".join(capsys.readouterr().err.split())
    assert not canary.exists()
    with pytest.raises(SystemExit) as wrong:
        run(*job, "--allow-function", "operator:truth")
    assert wrong.value.code == 2
    assert "No constraint of the space names 'operator:truth'" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(SystemExit) as alone:
        run("run", "--allow-function", NAME, "--data", "sample")
    assert alone.value.code == 2
    assert not canary.exists()
    with suppress(SystemExit):
        run(*job, "--allow-function", NAME)
    assert canary.exists()
