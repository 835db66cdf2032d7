"""`hpo check-port` as a shell calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

NETS = Path(__file__).parent / "nets"
TRAINING = ("--batch", "sample", "--loss", "softmax_cross_entropy", "--optimizer", "sgd,lr=0.1")


def check_port(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hpo.cli.entry import main; main()", "check-port", *arguments]
    environment = os.environ | {"PYTHONSAFEPATH": "1"}
    return subprocess.run(command, cwd=NETS, env=environment, capture_output=True, text=True)


def test_a_right_port_exits_with_0_and_shows_the_ladder(tmp_path: Path) -> None:
    ran = check_port("torch:torch_nets:lenet", "mxnet:gluon_nets:lenet", *TRAINING, "--keep", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert "  epoch       same         4 resynchronised steps\n" in ran.stdout
    assert "The port trains the same" in ran.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lenet_golden.npz", "test_lenet_port.py"]


def test_a_wrong_port_exits_with_1_and_names_the_cause_in_json() -> None:
    ran = check_port("mxnet:gluon_nets:scaled", "torch:torch_nets:lenet", *TRAINING, "--json")
    assert ran.returncode == 1, ran.stderr
    document = json.loads(ran.stdout)
    assert document["agrees"] is False
    assert document["cause"]["name"] == "input scaling"
    assert "255 times the original's" in document["cause"]["text"]
    assert document["first_difference"]["rung"] == "forward"
    assert [rung["state"] for rung in document["rungs"]] == ["same", "DIFFERS", *["not reached"] * 5]
