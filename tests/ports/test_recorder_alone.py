"""The recorder as it is used in a legacy environment: one file, copied there, with nothing of this library.

`HPO_RECORDER_PYTHON`, for example `mxnet=old-env/bin/python`, has it run by an old interpreter.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
RECORDER = HERE.parent.parent / "hpo" / "ports" / "standalone" / "recorder.py"
NETS = {"torch": "old_torch", "tensorflow": "old_keras", "mxnet": "old_gluon", "jax": "new_flax"}
GIVEN = dict(each.split("=", 1) for each in os.environ.get("HPO_RECORDER_PYTHON", "").split())
PYTHONS = GIVEN or {name: sys.executable for name in NETS if importlib.util.find_spec(name) is not None}


@pytest.fixture
def legacy(tmp_path: Path) -> Path:
    """A folder with a copy of the recorder, models, and a batch."""
    shutil.copy(RECORDER, tmp_path)
    for path in (HERE / "alone").glob("*.py"):
        shutil.copy(path, tmp_path)
    draws = np.random.default_rng(0)
    x, y = draws.random((8, 1, 28, 28), dtype=np.float32), draws.integers(0, 10, 8)
    np.savez(tmp_path / "batch.npz", x=x, y=y)
    return tmp_path


def record(folder: Path, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [python, "recorder.py", *arguments, "--batch", "batch.npz", "--out", "trace.npz"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_it_is_in_the_syntax_of_python_3_6_and_imports_numpy_and_the_standard_library_only() -> None:
    tree = ast.parse(RECORDER.read_text(encoding="utf-8"), feature_version=(3, 6))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - {"numpy"} <= sys.stdlib_module_names - {"__future__", "dataclasses", "contextvars"}
    assert "numpy" in imported


def test_there_is_a_framework_to_record() -> None:
    assert PYTHONS


@pytest.mark.parametrize("framework", PYTHONS)
def test_a_trace_holds_what_numpy_makes_of_it(framework: str, legacy: Path) -> None:
    target = f"{framework}:{NETS[framework]}:lenet"
    training = ("--loss", "softmax_cross_entropy", "--optimizer", "sgd", "--set", "lr=0.1")
    ran = record(legacy, PYTHONS[framework], target, "--batch-layout", "NCHW", *training)
    assert ran.returncode == 0, ran.stderr
    with np.load(legacy / "trace.npz", allow_pickle=False) as file:
        trace = {key: file[key] for key in file.files}
    about = json.loads(str(trace["about"]))
    trace.update({name: trace[other] for name, other in about["aliases"].items()})
    assert (about["failures"], about["steps"]) == ({}, 4)
    shapes = [each["shape"] for layer in about["layers"] for each in layer["parameters"]]
    convolutions, dense = [[6, 1, 5, 5], [16, 6, 5, 5]], [[400, 120], [120, 84], [84, 10]]
    assert [shape for shape in shapes if len(shape) > 1] == convolutions + dense
    last = len(about["evaluation"]) - 1
    logits = trace[f"evaluation/{last}/input"] @ trace["parameters/8"] + trace["parameters/9"]
    np.testing.assert_allclose(trace["evaluation/predictions"], logits, rtol=1e-4, atol=1e-5)
    entropies = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(8), trace["inputs/y"]]
    assert about["loss"]["given"] == pytest.approx(entropies.mean(), abs=1e-5)
    stepped = trace["parameters/9"] - 0.1 * trace["gradients/9"]
    np.testing.assert_allclose(trace["step/9"], stepped, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("{}:nowhere:lenet", "Importing nowhere for nowhere:lenet failed"),
        (
            "caffe:nets:lenet",
            "torch, tensorflow, mxnet, jax or keras was expected as framework; received 'caffe'",
        ),
    ],
)
def test_what_cannot_be_recorded_is_told(target: str, text: str, legacy: Path) -> None:
    framework, python = next(iter(PYTHONS.items()))
    ran = record(legacy, python, target.format(framework))
    assert ran.returncode == 1
    assert text in ran.stderr
