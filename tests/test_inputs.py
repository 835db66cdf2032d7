"""Pipes, devices, folders and bombs in the place of a file are refused, and never waited for."""

from __future__ import annotations

import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.checkpoints import Checkpoint
from hpo.errors import HpoError
from hpo.inputs import TEXT_LIMIT, open_table
from hpo.ports.trace import PortTrace
from hpo.space import load_space_toml
from hpo.tasks import LearningCurves

READERS: dict[str, Callable[[Path], object]] = {
    "checkpoint": lambda path: Checkpoint(0, 0, 1, os.fspath(path)).load(),
    "curves": LearningCurves.load,
    "study": hpo.load_study,
    "space": load_space_toml,
    "trace": PortTrace.load,
}


@pytest.fixture(params=["pipe", "device", "folder", "socket", "link to a pipe", "link to nothing"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    path, kind = tmp_path / "odd", request.param
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    elif kind == "link to nothing":
        path.symlink_to(tmp_path / "gone")
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(os.fspath(path))
            yield path
            return
    yield path


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_regular_file_is_refused(reader: str, odd: Path) -> None:
    with pytest.raises((HpoError, ValueError, OSError)) as raised:
        READERS[reader](odd)
    assert os.fspath(odd) in str(raised.value)


def learn(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    trial.checkpoint(weight=np.zeros(1000))
    yield config["x"]


def test_a_checkpoint_that_unpacks_to_more_than_its_file_is_refused(tmp_path: Path) -> None:
    study = hpo.search(learn, {"x": hpo.Float(0, 1)}, num_trials=1, seed=0, storage=tmp_path / "s.db")
    path = Path(study.best.kept[-1].path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("large.npy", bytes(2**24))
    with pytest.raises(hpo.errors.CheckpointError, match="in it is compressed, which this"):
        study.best.arrays()


def test_tables_unpack_to_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "large.npz", x=np.zeros(2**21))
    monkeypatch.setattr("hpo.inputs.TABLE_LIMIT", 2**20)
    for reader in ("curves", "trace"):
        with pytest.raises((HpoError, OSError), match=r"unpacks to 16777\d+ bytes, and 1048576 are the most"):
            READERS[reader](tmp_path / "large.npz")
    with pytest.raises(OSError, match="unpacks to"):
        open_table(tmp_path / "large.npz")


def test_texts_have_a_bounded_size(tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text("# " + "x" * TEXT_LIMIT)
    with pytest.raises(HpoError, match=r"cannot be read: It has 16777\d+ bytes, and 16777216 are the most"):
        load_space_toml(tmp_path / "space.toml")
