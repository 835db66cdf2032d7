"""The rules of naming, see CONTRIBUTING: a stranger finds each rule of the system in one guess."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.architecture.tree import BACKENDS, ROOT, classes, sources

GERUNDS = {
    "training": "a room, and the field's word for what it holds",
    "testing": "a room, called as NumPy's and pandas' are",
    "lightning": "the name of a framework",
    "successive_halving": "the name of an algorithm",
}
"""Modules that may end in -ing, each with its reason."""

SEVERAL_CLASSES = {
    "Report": "the callback of each framework's loop (users type keras.Report), and a report in a study",
    "Run": "what a backend trains, and the time from a trial's start to its pause or end",
}
"""Class names that may stand in several files of the core, each with its reason."""

ENDING = re.compile(r"(ings?|e?d|ers?|ors?|ions?|al|ent|e?s)$")


def modules(*folders: str) -> list[Path]:
    return [path for path in sources(*folders) if path.stem != "__init__"]


def test_no_module_is_named_by_a_gerund() -> None:
    names = {path.stem for path in modules("hpo", "backends")}
    names |= {path.parent.name for path in sources("hpo", "backends")}
    assert {name for name in names if name.endswith("ing")} <= set(GERUNDS)


def test_no_module_is_the_participle_of_another() -> None:
    names = {path.stem.strip("_") for path in modules("hpo")}
    assert not [name for name in names if name.endswith("ed") and {name[:-1], name[:-2]} & names]


@pytest.mark.parametrize("folder", ["hpo", *(f"backends/{name}" for name in BACKENDS)])
def test_no_two_modules_of_a_room_differ_by_their_ending(folder: str) -> None:
    stems: dict[tuple[Path, str], list[str]] = defaultdict(list)
    for path in modules(folder):
        stems[path.parent, ENDING.sub("", path.stem.strip("_"))].append(path.stem)
    assert not [names for names in stems.values() if len(names) > 1]


def test_a_class_name_stands_once_in_the_core() -> None:
    homes: dict[str, list[Path]] = defaultdict(list)
    for path in sources("hpo"):
        for name in classes(path):
            homes[name].append(path.relative_to(ROOT))
    several = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert set(several) == set(SEVERAL_CLASSES), several


def test_a_package_hands_on_no_function_under_the_name_of_its_module() -> None:
    for path in (each for each in sources("hpo") if each.stem == "__init__" and each.parent.name != "hpo"):
        names = re.findall(r'^ +"(\w+)",$', path.read_text(encoding="utf-8"), re.MULTILINE)
        beside = {each.stem for each in path.parent.glob("*.py")}
        assert not beside & set(names), path


def test_the_backends_have_files_of_the_same_names() -> None:
    common = {"__init__", "backend", "checkpoints", "examples", "layers", "models", "module", "module_run"}
    common |= {"network", "optimizers", "softmax", "trainer"}
    for name in BACKENDS:
        assert common - {path.stem for path in sources(f"backends/{name}")} == set(), name
