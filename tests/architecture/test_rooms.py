"""The rooms of the core: few, in eleven layers, and without a circle."""

from __future__ import annotations

import pytest
import tomllib

import hpo
from tests.architecture.tree import BACKENDS, ROOT, cycles, imports

ROOMS = {
    *("cli", "testing", "compare", "integrations", "tuner", "plots", "searchers", "schedulers", "executors"),
    *("surrogates", "tasks", "study", "training", "objective", "checkpoints", "ports", "storage", "space"),
    *("datasets", "backend", "page"),
}
FILES = {
    *("__init__", "__main__", "book", "checks", "errors", "inputs", "outputs", "randomness", "syntax"),
    "version",
}


def test_the_top_of_the_core_holds_the_rooms_and_little_else() -> None:
    found = {each.stem for each in (ROOT / "hpo").iterdir() if each.suffix == ".py"}
    assert found == FILES
    assert {each.name for each in (ROOT / "hpo").iterdir() if (each / "__init__.py").exists()} == ROOMS


def test_there_are_eleven_layers_which_leave_out_nothing() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layered] = [contract for contract in contracts if contract["type"] == "layers"]
    names = [name.strip() for layer in layered["layers"] for name in layer.split("|")]
    assert (len(layered["layers"]), layered["exhaustive"]) == (11, True)
    assert sorted(names) == sorted((ROOMS | FILES) - {"__init__"})


@pytest.mark.parametrize("package", ["hpo", *BACKENDS])
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    assert cycles(imports(package)) == []


def test_a_circle_would_be_found() -> None:
    assert cycles({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"]}) == [["b", "c"]]


def test_what_a_user_of_searches_types_fits_on_a_screen() -> None:
    assert len(hpo.__all__) <= 45
    values = [getattr(hpo, name) for name in hpo.__all__]
    errors = {value for value in values if isinstance(value, type) and issubclass(value, BaseException)}
    assert errors == {hpo.HpoError, hpo.SearchInterrupted}
