"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import hpo.space
from hpo.space import parse

MODULES = [each.name for each in pkgutil.iter_modules(hpo.space.__path__, "hpo.space.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What an example registers, it registers anew wherever it runs again.
    monkeypatch.setattr(parse, "_KINDS", dict(parse._KINDS))
    assert doctest.testmod(importlib.import_module(name)).failed == 0
