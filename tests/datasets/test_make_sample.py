from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hpo.datasets import read_idx

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_sample.py"


@pytest.fixture
def make_sample() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_of_each_class_are_taken_in_order(make_sample: ModuleType) -> None:
    labels = np.array([2, 0, 0, 1, 0, 2, 1, 2], np.uint8)
    assert make_sample.first_of_each_class(labels, 2).tolist() == [0, 1, 2, 3, 5, 6]


def test_the_same_array_gives_the_same_bytes(make_sample: ModuleType, tmp_path: Path) -> None:
    array = np.arange(100, dtype=np.uint8)
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        line = make_sample.write(folder, "name", array)
        assert re.fullmatch(r' {4}DataFile\("name", \(100,\), "[0-9a-f]{64}"\),', line)
        np.testing.assert_array_equal(read_idx(folder / "name.gz"), array)
        written.append((folder / "name.gz").read_bytes())
    assert written[0] == written[1]
