"""What an import brings with it, seen in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FRAMEWORKS = ["torch", "tensorflow", "keras", "mxnet", "jax", "flax", "optax"]
HEAVY = ["matplotlib", "scipy.stats", "scipy", "typer", "rich", "pandas", "autograd", "sqlite3", "sqlalchemy"]


def loaded_by(code: str, names: list[str]) -> list[str]:
    program = f"{code}\nimport sys\nprint([name for name in {names!r} if name in sys.modules])"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HPO_")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=clean
    )
    found: list[str] = eval(done.stdout)  # the list that the line above printed
    return found


def test_importing_hpo_brings_nothing_heavy() -> None:
    assert loaded_by("import hpo", [*FRAMEWORKS, *HEAVY, "numpy"]) == []


def test_a_search_needs_no_framework_and_no_scipy_stats() -> None:
    code = "import hpo\nhpo.search(lambda c: c['x'], {'x': hpo.Float(0, 1)}, num_trials=3, seed=0)"
    assert loaded_by(code, [*FRAMEWORKS, "matplotlib", "scipy.stats", "pandas", "sqlite3"]) == []


def test_training_on_numpy_needs_no_framework_and_no_autograd() -> None:
    code = """
import os
os.environ["HPO_DATA"] = "sample"
import hpo
from hpo.tasks import SoftmaxTask
task = SoftmaxTask(max_epochs=1)
hpo.search(task, task.space, minimize=task.metric, num_trials=1, seed=0, backend="numpy")
"""
    assert loaded_by(code, [*FRAMEWORKS, "matplotlib", "scipy.stats", "pandas", "autograd", "hpo_numpy"]) == [
        "hpo_numpy"
    ]


@pytest.mark.parametrize("name", ["search", "Float", "Study", "use_backend"])
def test_a_name_is_loaded_when_it_is_used(name: str) -> None:
    import hpo

    assert name in dir(hpo)
    assert name in hpo.__all__
    assert getattr(hpo, name) is not None


@pytest.mark.parametrize("name", ["book", "compare", "plots", "backend", "tasks", "testing"])
def test_a_part_is_there_without_an_import_of_its_own(name: str) -> None:
    assert loaded_by(f"import hpo\nhpo.{name}.__doc__.strip()", [f"hpo.{name}"]) == [f"hpo.{name}"]


def test_every_name_that_hpo_promises_is_there() -> None:
    import hpo

    assert [name for name in hpo.__all__ if not hasattr(hpo, name)] == []


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import hpo

    with pytest.raises(AttributeError, match="module 'hpo' has no attribute 'serach'"):
        getattr(hpo, "serach")  # noqa: B009 - a type checker knows that it is not there


def test_no_name_hides_a_module() -> None:
    import pkgutil

    import hpo

    assert {module.name for module in pkgutil.iter_modules(hpo.__path__)} & set(hpo.__all__) == set()
