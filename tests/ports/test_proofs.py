"""What is left behind: the original's trace and a generated test that needs the old framework no more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hpo.ports import PortReport

NETS = Path(__file__).parent / "nets"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project with the port, in an environment without MXNet."""
    for name in ("torch_nets.py", "lenet_weights.py"):
        shutil.copy(NETS / name, tmp_path)
    gone = tmp_path / "gone" / "mxnet.py"
    gone.parent.mkdir()
    gone.write_text("raise ImportError('MXNet is retired')")
    return tmp_path


def run_generated_test(project: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "proofs"]
    environment = {**os.environ, "PYTHONPATH": str(project / "gone")}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def test_the_generated_test_passes_without_the_old_framework_and_fails_once_the_port_changes(
    hold: Callable[..., PortReport], project: Path
) -> None:
    report = hold("mxnet:lenet", "torch:lenet", keep=project / "proofs", optimizer=("sgd", {"lr": 0.1}))
    assert [path.name for path in report.files] == ["lenet_golden.npz", "test_lenet_port.py"]
    passed = run_generated_test(project)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    port = project / "torch_nets.py"
    port.write_text(port.read_text().replace("nn.AvgPool2d(2)", "nn.MaxPool2d(2)"))
    failed = run_generated_test(project)
    assert failed.returncode == 1
    assert "Cause: pooling: average pooling of 2 with stride 2" in failed.stdout
