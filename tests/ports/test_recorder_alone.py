"""The recorder as it is used in a legacy environment: one file, nothing of this library beside it.

Also run by the old interpreters themselves, so in the syntax of Python 3.6 and without this library.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDER = os.path.join(HERE, os.pardir, os.pardir, "hpo", "compare", "recorder.py")
NETS = {"torch": "old_torch", "tensorflow": "old_keras", "mxnet": "old_gluon"}
FRAMEWORKS = [name for name in NETS if importlib.util.find_spec(name) is not None]


def record(folder: Any, *arguments: str) -> Any:
    """Copy the recorder into a folder, as a user does, and run it there."""
    shutil.copy(RECORDER, str(folder))
    for name in os.listdir(os.path.join(HERE, "alone")):
        if name.endswith(".py"):
            shutil.copy(os.path.join(HERE, "alone", name), str(folder))
    draws = np.random.RandomState(0)
    x, y = draws.rand(8, 1, 28, 28).astype(np.float32), draws.randint(0, 10, 8)
    np.savez(os.path.join(str(folder), "batch.npz"), x=x, y=y)
    command = [sys.executable, "recorder.py", *arguments, "--batch", "batch.npz", "--out", "trace.npz"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        command,
        cwd=str(folder),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )


def test_some_framework_is_here() -> None:
    assert FRAMEWORKS


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_trace_holds_what_numpy_makes_of_it(framework: str, tmp_path: Any) -> None:
    target = f"{framework}:{NETS[framework]}:lenet"
    ran = record(
        tmp_path,
        target,
        "--batch-layout",
        "NCHW",
        "--loss",
        "softmax_cross_entropy",
        "--optimizer",
        "sgd",
        "--set",
        "lr=0.1",
    )
    assert ran.returncode == 0, ran.stderr
    with np.load(str(tmp_path / "trace.npz"), allow_pickle=False) as file:
        trace = {key: file[key] for key in file.files}
    about = json.loads(str(trace["about"]))
    assert about["failures"] == {}
    assert about["versions"]["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    shapes = [each["shape"] for layer in about["layers"] for each in layer["parameters"]]
    assert [shape for shape in shapes if len(shape) > 1] == [
        [6, 1, 5, 5],
        [16, 6, 5, 5],
        [400, 120],
        [120, 84],
        [84, 10],
    ]
    last = len(about["evaluation"]) - 1
    logits = trace[f"evaluation/{last}/input"].dot(trace["parameters/8"]) + trace["parameters/9"]
    np.testing.assert_allclose(trace["evaluation/predictions"], logits, rtol=1e-4, atol=1e-5)
    log_sums = np.log(np.exp(logits).sum(axis=1))
    rows = np.arange(8)
    loss = np.mean(log_sums - logits[rows, trace["inputs/y"]])
    assert abs(about["loss"]["given"] - loss) < 1e-5
    np.testing.assert_allclose(
        trace["step/9"], trace["parameters/9"] - 0.1 * trace["gradients/9"], rtol=1e-4, atol=1e-6
    )
    assert about["steps"] == 4


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_cannot_be_recorded_is_told(framework: str, tmp_path: Any) -> None:
    ran = record(tmp_path, f"{framework}:nowhere:lenet")
    assert ran.returncode == 1
    assert "Importing nowhere for nowhere:lenet failed" in ran.stderr


def test_a_framework_that_is_none_is_told(tmp_path: Any) -> None:
    ran = record(tmp_path, "caffe:nets:lenet")
    assert ran.returncode == 1
    assert "torch, tensorflow or mxnet was expected as framework; received 'caffe'" in ran.stderr
