"""The package as a whole: its names, its examples, what importing it costs."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hpo
import hpo_numpy

pytestmark = pytest.mark.usefixtures("numpy_backend")

# Of the backends, NumPy's is the one that each environment has.
PACKAGES = [Path(hpo.__file__).parent, Path(hpo_numpy.__file__).parent]
# Those of `integrations` need packages of other people, and have environments of their own.
MODULES = sorted(
    ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
    for package in PACKAGES
    for path in package.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8") and "integrations" not in path.parts
)


def printed_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def sample_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """An example that forgot to name the sample downloads nothing."""
    monkeypatch.setenv("HPO_DATA", "sample")


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.usefixtures("sample_data")
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.usefixtures("sample_data")
def test_the_example_of_the_books_objective_runs() -> None:
    # It is made for each backend by a function, inside of which `doctest.testmod` does not look.
    objective = hpo_numpy.hpo_objective_softmax_classification
    [example] = doctest.DocTestFinder().find(objective, "objective", module=False, globs={})
    result = doctest.DocTestRunner().run(example)
    assert (result.failed, bool(result.attempted)) == (0, True)


@pytest.mark.parametrize("name", sorted(set(hpo_numpy.__all__) - {"BACKEND"}))
def test_every_name_of_the_book_has_an_example(name: str) -> None:
    assert ">>> " in (getattr(hpo_numpy, name).__doc__ or "")


@pytest.mark.parametrize("name", hpo.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert name in dir(hpo)
    assert getattr(hpo, name).__doc__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'hpo' has no attribute 'serach'"):
        getattr(hpo, "serach")  # noqa: B009 - a type checker knows that it is not there


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("load", "; did you mean hpo.load_study?"),
        ("Sobol", "; did you mean hpo.SobolSearch?"),
        ("SpaceError", "; errors are in hpo.errors"),
        ("serach", ""),
        ("__wrapped__", ""),
    ],
)
def test_a_name_that_changed_is_told(name: str, hint: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'{re.escape(hint)}$"):
        getattr(hpo, name)


def test_no_public_name_is_the_name_of_a_submodule() -> None:
    assert not {each.name for each in pkgutil.iter_modules(hpo.__path__)} & set(hpo.__all__)


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import hpo, sys; print(sorted(name for name in sys.modules if name.startswith('hpo.')))"
    assert printed_by(code) == "[]"


def test_a_search_imports_no_framework_no_plots_and_no_scipy() -> None:
    code = (
        "import hpo, sys\n"
        "print(hpo.search(lambda c: c['x'], {'x': hpo.Float(0, 1)}, num_trials=3, seed=0).best.id)\n"
        "heavy = {'torch', 'tensorflow', 'mxnet', 'jax', 'matplotlib', 'pandas', 'rich', 'typer'}\n"
        "heavy |= {'sqlite3', 'scipy.stats', 'hpo_numpy', 'hpo_torch', 'hpo_jax', 'hypothesis', 'pytest'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert printed_by(code).splitlines()[1] == "[]"
