"""A second backend for the tests of comparisons: NumPy's under another name, with mistakes to choose from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

OTHER = """
import dataclasses
import os
import sys

if os.environ.get("MISTAKE") == "missing":
    raise ModuleNotFoundError("No module named 'other'", name="other")
if os.environ.get("MISTAKE") == "crashes":
    os.abort()

from hpo.training.perturb import moved
from hpo_numpy import BACKEND as NUMPY


class Other:
    name = "other"
    version = "1.0"
    modules = ()
    runs = 0

    def __getattr__(self, name):
        return getattr(NUMPY, name)

    def prepare(self, members, data, **options):
        mistake = os.environ.get("MISTAKE")
        self.runs += 1
        if mistake == "dies" and self.runs == 2:
            print("the last words", file=sys.stderr)
            os._exit(7)
        return NUMPY.prepare([self.changed(member, mistake) for member in members], data, **options)

    def changed(self, member, mistake):
        rate = member.optimizer.learning_rate * {"rate": 3, "nan": 1e38}.get(mistake, 1)
        optimizer = dataclasses.replace(member.optimizer, learning_rate=rate)
        state = member.state
        if mistake == "round-off":
            state = moved({name: value.astype("float32") for name, value in state.items()}, 3)
        return dataclasses.replace(member, optimizer=optimizer, state=state)


BACKEND = Other()
"""

OWN = """
import os

from hpo.tasks import SoftmaxTask


def square(config, trial):
    return (config["x"] - 0.5) ** 2 + (trial.backend == "other") * float(os.environ.get("SHIFT", "0"))


def curve(config, max_epochs):
    for epoch in range(max_epochs):
        yield {"loss": config["x"] / (epoch + 1), "accuracy": 1 - config["x"]}


def numpy_net(config):
    return 1.0


def other_net(config):
    return 1.0


def threads(config):
    return float(os.environ["OMP_NUM_THREADS"])


def quits(config):
    print("about to quit", flush=True)
    os._exit(3)


def breaks(config, trial):
    if trial.backend == "other":
        raise RuntimeError("the moon is in the way")
    return config["x"]


class Task(SoftmaxTask):
    name = "own"
"""


@pytest.fixture(autouse=True)
def other_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered in this process and in those that it starts; the current folder has objectives."""
    about = tmp_path / "site" / "hpo_other-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hpo-other\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[hpo.backends]\nother = hpo_other:BACKEND\n")
    (about.parent / "hpo_other.py").write_text(OTHER)
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(about.parent))
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(about.parent), *([before] if before else [])])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("HPO_DATA", "sample")
    monkeypatch.setenv("HPO_BACKEND", "numpy")
    monkeypatch.chdir(tmp_path)
