"""Each recipe of CONTRIBUTING, carried out in a copy of the tree."""

from __future__ import annotations

import filecmp
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).parents[2]
ADDED = Path(__file__).parent
WITHOUT = ROOT / "scripts/without_backend.py"
MOST_FILES = 4
SCRIPTS = Path(sys.executable).parent
LISTS = (
    "tests/cli/test_searchers.py::test_the_help_names_each",
    "tests/durability/test_older_studies.py"
    "::test_each_searcher_and_each_scheduler_has_a_study_of_an_older_version",
)
"""Tests of the places in which searchers and schedulers are named by hand."""

RUN = ("run", "own:curve", "--space", "space.toml", "--trials", "6", "--no-plot", "--minimize", "loss")
SPACE = '[x]\ntype = "float"\nlow = 0\nhigh = 1\n'
OBJECTIVE = """
def curve(config, max_epochs=3):
    for epoch in range(1, max_epochs + 1):
        yield {"loss": config["x"] + 1 / epoch}
"""
CONTRACTS = """
from hpo.testing import BackendContract, DataContract

class TestBackend(BackendContract):
    package = "hpo_other"

class TestData(DataContract):
    package = "hpo_other"
"""


@dataclass(frozen=True)
class Recipe:
    """What CONTRIBUTING says about one kind of extension.

    Attributes:
        files: what is added and touched.
        test: the command that tests it.
    """

    files: set[str]
    test: list[str]


def recipe(title: str, name: str) -> Recipe:
    """The recipe of that title for an extension of that name."""
    text = (ROOT / "CONTRIBUTING.md").read_text().replace("<name>", name)
    [section] = re.findall(rf"^### {title}\n(.*?)^##", text, re.MULTILINE | re.DOTALL)
    [test] = re.findall(r"^- Test: `pytest (.+?)`", section, re.MULTILINE)
    return Recipe(set(re.findall(r"^- (?:Add|Touch) `(.+?)`", section, re.MULTILINE)), test.split())


class Tree:
    """A copy of the tree.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("HPO_")}
        self.environment |= {
            "PYTHONPATH": os.pathsep.join(map(str, (path, path / "backends"))),
            "PYTHONSAFEPATH": "1",
        }
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        self._files = [each for each in listed.stdout.splitlines() if (ROOT / each).exists()]
        for each in self._files:
            (path / each).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / each, path / each)

    def add(self, source: str, target: str) -> None:
        """Add a file of this folder."""
        shutil.copy(ADDED / source, self.path / target)

    def touch(self, file: str, before: str, *lines: str) -> None:
        """Put lines before the one that begins with a text."""
        text = (self.path / file).read_text()
        assert text.count(f"\n{before}") == 1, f"{file} has not one line that begins with {before!r}"
        self.replace(file, f"\n{before}", "\n" + "".join(f"{line}\n" for line in lines) + before)

    def replace(self, file: str, old: str, new: str) -> None:
        """Put one text in the place of another one."""
        text = (self.path / file).read_text()
        assert text.count(old) == 1, f"{file} has not one {old!r}"
        (self.path / file).write_text(text.replace(old, new))

    def changed(self) -> set[str]:
        """The files that are not as they were; of a new backend its folder."""
        new = {str(each.relative_to(self.path)) for each in self.path.rglob("*") if each.is_file()}
        _, differ, missing = filecmp.cmpfiles(ROOT, self.path, self._files, shallow=False)
        found = (new - set(self._files)) | set(differ) | set(missing)
        return {re.sub(r"^(backends/\w+/).*", r"\1", each) for each in found}

    def run(self, *command: str | Path) -> str:
        """The output of a command in the copy, whose `hpo` is the copy's.

        Raises:
            AssertionError: it failed; the text has what it said.
        """
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.path,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, code: str) -> str:
        """What a program prints that knows `hpo` and the objective `curve` over `space`."""
        start = "import hpo, own\nassert hpo.__file__.startswith({!r})\nspace = {{'x': hpo.Float(0, 1)}}\n"
        return self.run(sys.executable, "-c", start.format(str(self.path)) + code).strip()

    def hpo(self, *arguments: str) -> str:
        """What the command says."""
        return self.run(sys.executable, "-m", "hpo", *arguments)

    def check(self, recipe: Recipe) -> None:
        """Pass the recipe's test, the rules and the layers, with the recipe's files changed and no others.

        Afterwards the copy's entry points are found, and there is a module `own` with an objective.
        """
        assert self.changed() == recipe.files
        assert len(recipe.files) <= MOST_FILES
        python = [each for each in recipe.files if each.endswith((".py", "/"))]
        self.run(SCRIPTS / "ruff", "format", "--no-cache", *python)
        self.run(SCRIPTS / "ruff", "check", "--no-cache", *python)
        self._install()
        self.run(SCRIPTS / "lint-imports", "--no-cache")
        passed = self.run(SCRIPTS / "pytest", "-q", *recipe.test)
        assert re.search(r"\d+ passed", passed), passed
        self.run(SCRIPTS / "pytest", "-q", "tests/architecture/test_names.py")

    def _install(self) -> None:
        project = tomllib.loads((self.path / "pyproject.toml").read_text())["project"]
        about = self.path / "polyhpo-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: polyhpo\nVersion: 1.0\n")
        groups = {"console_scripts": project["scripts"], **project["entry-points"]}
        lines = [
            line
            for group, points in groups.items()
            for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
        ]
        (about / "entry_points.txt").write_text("\n".join(lines))
        (self.path / "own.py").write_text(OBJECTIVE)
        (self.path / "space.toml").write_text(SPACE)


def came_later(tree: Tree, name: str) -> None:
    """Say that no older version can have written a study of that name."""
    start = "CAME_LATER: tuple[str, ...] = ("
    tree.replace("tests/durability/test_older_studies.py", start, f'{start}"{name}", ')


def said_in_help(tree: Tree, start: str, name: str) -> None:
    """Name what is new in the help text that begins so."""
    tree.replace("hpo/cli/run_options.py", start, f'{start}{name}, "\n            "')


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_searcher(tree: Tree) -> None:
    tree.add("middle.py", "hpo/searchers/middle.py")
    tree.touch(
        "hpo/searchers/named.py",
        "from hpo.searchers.random ",
        "from hpo.searchers.middle import MiddleFirst",
    )
    tree.touch("hpo/searchers/named.py", '    "random"', '    "middle": MiddleFirst,')
    said_in_help(tree, "What proposes configurations: ", "middle")
    came_later(tree, "searcher-middle")
    tree.check(recipe("A searcher", "middle"))
    tree.run(SCRIPTS / "pytest", "-q", *LISTS)

    code = "study = hpo.search(own.curve, space, searcher='middle', num_trials=2)"
    assert tree.python(f"{code}\nprint(study.trials[0].config)") == "{'x': 0.5}"
    assert re.search("searcher +middle", tree.hpo(*RUN, "--searcher", "middle"))


def test_a_scheduler(tree: Tree) -> None:
    tree.add("behind.py", "hpo/schedulers/behind.py")
    tree.touch(
        "hpo/schedulers/named.py",
        "from hpo.schedulers.fifo ",
        "from hpo.schedulers.behind import FirstEpoch",
    )
    tree.touch("hpo/schedulers/named.py", '    "fifo"', '    "behind": FirstEpoch,')
    said_in_help(tree, "Stop bad trials early: ", "behind")
    came_later(tree, "scheduler-behind")
    tree.check(recipe("A scheduler", "behind"))
    tree.run(SCRIPTS / "pytest", "-q", *LISTS)

    code = "study = hpo.search(own.curve, space, scheduler='behind', num_trials=8, seed=0)"
    assert "first epoch is behind the median" in tree.python(
        f"{code}\nprint([trial.reason for trial in study.trials])"
    )
    assert "FirstEpoch(5, min_trials=3)" in tree.hpo(*RUN, "--scheduler", "behind", "--max-epochs", "5")


def test_a_storage(tree: Tree) -> None:
    tree.add("jsonl.py", "hpo/storage/jsonl.py")
    tree.touch(
        "hpo/storage/open.py",
        "_SCHEMES: dict",
        "def _open_jsonl(url: URL, folder: Folder, opening: _Opening) -> Storage:",
        "    from hpo.storage.jsonl import JsonLines",
        "",
        '    _refuse(folder, "a file")',
        '    path = Path(url.database or "")',
        "    return JsonLines(path, create=opening.create, read_only=opening.read_only)",
        "",
        "",
    )
    tree.touch("hpo/storage/open.py", '    "postgresql":', '    "jsonl": _open_jsonl,')
    tree.touch(
        "tests/contracts/test_storage.py",
        "class TestSqlite",
        "class TestJsonl(StorageContract):",
        "    def make(self, place: Path) -> Storage:",
        '        return open_storage(f"jsonl:///{place}/study.jsonl")',
        "",
        "    def view(self, place: Path) -> Storage:",
        '        return open_storage(f"jsonl:///{place}/study.jsonl", read_only=True)',
        "",
        "",
    )
    tree.check(recipe("A storage", "jsonl"))

    storage = ("--storage", "jsonl:///study.jsonl", "--name", "lines")
    tree.hpo(*RUN, *storage)
    assert "lines" in tree.hpo("list", "jsonl:///study.jsonl")
    code = "print(len(hpo.load_study('jsonl:///study.jsonl').trials))"
    assert tree.python(code) == "6"


def test_an_executor(tree: Tree) -> None:
    tree.add("deep.py", "hpo/executors/deep.py")
    tree.touch(
        "pyproject.toml",
        "[project.entry-points.pytest11]",
        '[project.entry-points."hpo.executors"]',
        'deep = "hpo.executors.deep:DeepStack"',
        "",
    )
    tests = "tests/contracts/test_executors.py"
    tree.touch(tests, "from hpo.executors.placement", "from hpo.executors.deep import DeepExecutor")
    serial = re.search(r"class TestSerial.*?\n\n\n", (ROOT / tests).read_text(), re.DOTALL)
    assert serial is not None
    tree.touch(
        tests,
        "class Processes:",
        *serial[0].rstrip().replace("TestSerial", "TestDeep").replace("SerialEx", "DeepEx").splitlines(),
        *("", ""),
    )
    tree.check(recipe("An executor", "deep"))

    code = "study = hpo.search(own.curve, space, workers='deep', num_trials=3)\nprint(study.num_completed)"
    assert tree.python(code) == "3"


def test_a_plot(tree: Tree) -> None:
    tree.add("_spread.py", "hpo/plots/_spread.py")
    for file in ("hpo/plots/kinds.py", "hpo/plots/__init__.py"):
        tree.touch(file, "from hpo.plots._timeline ", "from hpo.plots._spread import spread")
    tree.touch("hpo/plots/kinds.py", '    "timeline"', '    "spread": spread,')
    tree.touch("hpo/plots/__init__.py", '    "timeline"', '    "spread",')
    tree.check(recipe("A plot", "spread"))

    tree.hpo(*RUN, "--storage", "study.db", "--name", "mine")
    assert tree.hpo("plot", "study.db", "spread") == "spread of 'mine' in mine-spread.png\n"
    assert (tree.path / "mine-spread.png").stat().st_size > 1000


def test_an_option_of_the_command(tree: Tree) -> None:
    tree.add("max_cost.py", "tests/cli/test_max_cost.py")
    tree.touch(
        "hpo/cli/run_options.py",
        "    epochs: Annotated[",
        "    max_cost: Annotated[",
        '        float | None, option(LENGTH, "EPOCHS", "End the search after so many epochs.", ABOVE_ZERO)',
        "    ] = None",
    )
    setup = "hpo/cli/setup.py"
    tree.replace(setup, "import Patience, StopRule", "import MaxCost, Patience, StopRule")
    tree.touch(
        setup,
        "    return rules if options.patience",
        "    if options.max_cost is not None:",
        "        rules.append(MaxCost(options.max_cost))",
    )
    tree.check(recipe("An option of the command", "max_cost"))


def test_a_backend(tree: Tree) -> None:
    package = tree.path / "backends/hpo_other"
    shutil.copytree(ROOT / "backends/hpo_numpy", package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in package.glob("*.py"):
        file.write_text(
            file.read_text().replace("hpo_numpy", "hpo_other").replace('("numpy", ', '("other", ')
        )
    tree.replace("backends/hpo_other/backend.py", '    name = "numpy"', '    name = "other"')
    (tree.path / "tests/contracts/test_other.py").write_text(CONTRACTS)
    own = re.compile(r"^[^#\n]*hpo_mxnet.*\n", re.MULTILINE)
    project = (tree.path / "pyproject.toml").read_text()
    (tree.path / "pyproject.toml").write_text(
        own.sub(lambda line: line[0] + line[0].replace("mxnet", "other"), project)
    )
    tree.touch("pyproject.toml", "pandas = ", 'other = ["numpy"]')
    tree.replace("tox.ini", "    py311-jax\n    optuna\n", "    py311-jax\n    py311-other\n    optuna\n")
    tree.replace(
        "tox.ini", "numpy126,torch,tensorflow,mxnet,jax}]", "numpy126,torch,tensorflow,mxnet,jax,other}]"
    )
    tree.touch("tox.ini", "    mxnet: HPO_BACKEND", "    other: HPO_BACKEND = other")
    tree.touch("tox.ini", "    mxnet: pytest", "    other: pytest tests/contracts/test_other.py {posargs}")
    tree.touch("tox.ini", "    --ignore tests/ports", "    --ignore tests/contracts/test_other.py")
    without: Callable[[str, str, str], str] = runpy.run_path(str(WITHOUT))["without"]
    for name in ("pyproject.toml", "tox.ini"):
        assert without(name, (tree.path / name).read_text(), "other") == (ROOT / name).read_text()
    tree.check(recipe("A backend", "other"))

    code = "study = hpo.search(own.curve, space, backend='other', num_trials=3)\nprint(study.backend)"
    assert tree.python(code) == "other"
    assert re.search(r"other .*installed", tree.hpo("backends"))


@pytest.mark.parametrize("name", ["torch", "tensorflow", "mxnet", "jax"])
def test_a_backend_that_is_taken_out_is_named_by_no_environment_of_its_own(name: str) -> None:
    without: Callable[[str, str, str], str] = runpy.run_path(str(WITHOUT))["without"]
    project = tomllib.loads(without("pyproject.toml", (ROOT / "pyproject.toml").read_text(), name))
    assert f"hpo_{name}" not in str(project)
    assert name not in project["project"]["optional-dependencies"]
    environments = without("tox.ini", (ROOT / "tox.ini").read_text(), name)
    # Ports need the framework and not our package for it, the book has its own package.
    assert set(re.findall(rf"\w+-{name}\b", environments)) <= {f"ports-{name}", f"book-{name}"}
    assert f"HPO_BACKEND = {name}" not in environments


def test_the_paths_that_the_page_names_are_there() -> None:
    named = re.findall(r"`(?:python )?([\w.]+/[\w./]*)`", (ROOT / "CONTRIBUTING.md").read_text())
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []
