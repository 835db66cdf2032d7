"""The fixture `backend`, in runs of pytest of their own."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hpo.integrations.pytest

TESTS = """
import hpo
from hpo.backend import registry


def test_it_is_in_use(backend):
    choice = registry.choose()
    assert (choice.name, choice.was_asked_for) == (backend.name, True)
    study = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=1)
    assert study.backend == backend.name


def test_nothing_is_left_of_it():
    assert registry._preferred.get() is None
"""
# As if the framework were not installed, whether it is or not.
WITHOUT_TORCH = "import sys\nsys.modules['torch'] = None\n"
OWN_FIXTURE = "import pytest\n@pytest.fixture\ndef backend():\n    return 'my own'\n"


def run(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    (folder / "test_own.py").write_text(TESTS)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HPO_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=clean | variables,
    )
    return done.returncode, done.stdout + done.stderr


def test_each_backend_that_is_asked_for_is_a_test(tmp_path: Path) -> None:
    code, out = run(tmp_path, "--hpo-backends", "numpy", "-v")
    assert code == 0, out
    assert "test_it_is_in_use[numpy] PASSED" in out


def test_the_variable_asks_too(tmp_path: Path) -> None:
    code, out = run(tmp_path, "-v", HPO_TEST_BACKENDS="numpy")
    assert code == 0, out
    assert "test_it_is_in_use[numpy] PASSED" in out


def test_without_a_wish_the_chosen_one_is_taken(tmp_path: Path) -> None:
    code, out = run(tmp_path, "-v", HPO_BACKEND="numpy")
    assert code == 0, out
    assert "test_it_is_in_use PASSED" in out


@pytest.mark.parametrize("names", ["numpy,pytorch", "all"])
def test_a_backend_that_cannot_be_imported_is_an_error_and_no_skip(tmp_path: Path, names: str) -> None:
    (tmp_path / "conftest.py").write_text(WITHOUT_TORCH)
    code, out = run(tmp_path, "-v", "--hpo-backends", names, "-k", "numpy or torch or nothing")
    assert code == 1
    assert "test_it_is_in_use[torch] ERROR" in out
    assert "The backend 'torch' needs torch, which is not installed here. Install it with: pip inst" in out
    assert "2 passed" in out


def test_a_name_that_nobody_registered_ends_the_run(tmp_path: Path) -> None:
    code, out = run(tmp_path, "--hpo-backends", "numpy,trch")
    assert code == 4
    assert "--hpo-backends numpy,trch names the backend 'trch', which is not registered" in out


def test_a_list_of_no_name_ends_the_run(tmp_path: Path) -> None:
    code, out = run(tmp_path, "--hpo-backends", " , ")
    assert (code, "names no backend; received ' , '" in out) == (4, True)


def test_a_fixture_of_ones_own_comes_first(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(OWN_FIXTURE)
    (tmp_path / "test_other.py").write_text("def test_own(backend):\n    assert backend == 'my own'\n")
    code, out = run(tmp_path, "-k", "own and not use")
    assert code == 0, out


def test_pytest_without_the_fixture_loads_neither_the_core_nor_numpy(tmp_path: Path) -> None:
    (tmp_path / "test_light.py").write_text(
        "import sys\n\ndef test_light():\n"
        "    assert not {'numpy', 'hpo.backend.registry', 'hpo.testing'} & {*sys.modules}\n"
    )
    code, out = run(tmp_path, "--ignore", str(tmp_path / "test_own.py"))
    assert code == 0, out


def test_the_examples_run() -> None:
    assert doctest.testmod(hpo.integrations.pytest).failed == 0
