"""What the tests of the command share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hpo.cli.app import app

OBJECTIVES = """
import os

def square(config):
    return (config["x"] - 0.5) ** 2

def curve(config, max_epochs=2):
    for epoch in range(max_epochs):
        yield {"loss": config["x"] / (epoch + 1), "accuracy": 1 - config["x"]}

def always_fails(config):
    raise RuntimeError("the moon is in the way")

def loud(config):
    print("printed by the objective")
    os.system("echo printed by a child process")
    return config["x"]

def learns(config, trial):
    import numpy
    trial.checkpoint(weights=numpy.zeros(3))
    for epoch in trial.epochs(2):
        yield config["x"]

def noisy(config):
    import random
    for _ in range(3):
        yield random.random()

def endures(config):
    import os, time
    time.sleep(30 if config["x"] > 0.5 else 0)
    yield os.getpid()

def not_a_number(config):
    yield {"loss": config["x"], "other": float("nan")}

def endless(config):
    while True:
        yield config["x"]

not_a_function = 3
"""
SPACE = '[x]\ntype = "float"\nlow = 0\nhigh = 1\n'


@dataclass(frozen=True)
class Answer:
    """What a call of the command gave."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """Standard output as strict JSON."""

        def refuse(constant: str) -> None:
            raise ValueError(f"{constant} is not JSON")

        return json.loads(self.stdout, parse_constant=refuse)


Hpo = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HPO_DATA", "sample")
    monkeypatch.setenv("HPO_BACKEND", "numpy")
    for variable in ("HPO_DEVICE", "HPO_DEBUG", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "space.toml").write_text(SPACE)
    # A module of its own name for each test: an imported one stays.
    (tmp_path / "own_objectives.py").write_text(OBJECTIVES)
    monkeypatch.delitem(sys.modules, "own_objectives", raising=False)


@pytest.fixture
def hpo(capsys: pytest.CaptureFixture[str]) -> Hpo:
    """Call the command in this process."""

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        # Not by the CliRunner, which tells the two outputs apart in some versions only.
        with pytest.raises(SystemExit) as end:
            app(list(arguments), prog_name="hpo")
        printed = capsys.readouterr()
        return Answer(int(end.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def hpo_process() -> Hpo:
    """Call the command in a process of its own, as a shell does."""

    def call(*arguments: str, code: str = "from hpo.cli.entry import main; main()") -> Answer:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONSAFEPATH": "1"},
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call
