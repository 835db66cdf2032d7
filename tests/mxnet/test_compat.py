from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpo.backend import registry
from hpo.errors import MissingFrameworkError
from hpo_mxnet import compat


def printed_by(program: str, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, **variables},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_numpy_2_is_refused_before_mxnet_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "__version__", "2.1.3")
    with pytest.raises(
        MissingFrameworkError, match=r"NumPy 1\.23 to 1\.26; here is NumPy 2\.1\.3.*polyhpo\[mxnet\]"
    ):
        compat.import_mxnet()


def test_a_python_without_distutils_is_told_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "distutils" else found(name)
    )
    with pytest.raises(MissingFrameworkError, match=r"needs distutils.*pip install 'setuptools<81'"):
        compat.import_mxnet()


def test_versions_that_cannot_work_reach_the_user_as_they_are() -> None:
    program = """
import numpy
numpy.__version__ = "2.0.0"
from hpo.backend import registry
try:
    registry.load("mxnet")
except Exception as error:
    print(type(error).__name__, error)
"""
    assert printed_by(program).startswith(
        "MissingFrameworkError MXNet 1.9.1, the last release, works with NumPy"
    )


def test_where_mxnet_is_missing_that_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'mxnet'", name="mxnet")

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(compat, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match="No module named 'mxnet'"):
        compat.import_mxnet()
    assert "polyhpo[mxnet]" in registry.how_to_install("mxnet")


def test_importing_it_flips_no_switch_and_warns_of_nothing() -> None:
    program = """
import warnings
warnings.simplefilter("error")
import hpo_mxnet, mxnet, os
print(mxnet.util.is_np_array(), mxnet.util.is_np_shape(), "OMP_NUM_THREADS" in os.environ)
"""
    assert printed_by(program) == "False False False"


def test_training_flips_no_switch() -> None:
    program = """
import hpo_mxnet as d2l, mxnet as mx
from hpo.testing.problems import make_arrays
a = make_arrays()
data = d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y))
for model in (d2l.SoftmaxClassification(10, 0.1), d2l.Classification(mx.gluon.nn.Dense(10), 0.1)):
    d2l.Trainer(max_epochs=1).fit(model, data)
    print(mx.util.is_np_array(), mx.util.is_np_shape(), mx.autograd.is_training())
"""
    assert set(printed_by(program).splitlines()) == {"False False False"}


def test_a_program_with_numpy_semantics_throughout_trains_both_ways() -> None:
    program = """
import hpo_mxnet as d2l
from mxnet import gluon, np, npx
npx.set_np()
from hpo.testing.problems import make_arrays
a = make_arrays()
data = d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y))
for model in (d2l.SoftmaxClassification(10, 0.1), d2l.Classification(gluon.nn.Dense(10), 0.1)):
    trainer = d2l.Trainer(max_epochs=3)
    trainer.fit(model, data)
    first, *_, last = (record["train_loss"] for record in trainer.history)
    print(last < first, npx.is_np_array(), npx.is_np_shape())
"""
    assert set(printed_by(program).splitlines()) == {"True True True"}


@pytest.mark.parametrize(("chosen", "seen"), [(None, "1"), ("2", "2")])
def test_mxnet_reads_one_thread_unless_a_number_was_chosen(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, seen: str
) -> None:
    if chosen is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    monkeypatch.setattr(compat, "import_module", lambda name: os.environ["OMP_NUM_THREADS"])
    assert compat.import_mxnet() == seen
    assert os.environ.get("OMP_NUM_THREADS") == chosen


@pytest.mark.parametrize("chosen", [None, "SkylakeX"])
def test_openblas_is_told_of_a_processor_it_knows_unless_one_was_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : sse2 avx2 bmi2\n")
    assert compat._has_avx2(cpuinfo)
    assert not compat._has_avx2(tmp_path / "none")
    monkeypatch.setattr(compat, "_has_avx2", lambda: True)
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    if chosen is not None:
        monkeypatch.setenv("OPENBLAS_CORETYPE", chosen)
    monkeypatch.setattr(compat, "import_module", lambda name: os.environ["OPENBLAS_CORETYPE"])
    assert compat.import_mxnet() == (chosen or "Haswell")
    assert os.environ.get("OPENBLAS_CORETYPE") == chosen


def test_classic_arrays_are_made_without_a_warning() -> None:
    assert compat.mx.nd.array([1.0]).asnumpy() == 1
