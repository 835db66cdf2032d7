"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import hpo.integrations.optuna

ROOM = hpo.integrations.optuna
MODULES = [each.name for each in pkgutil.iter_modules(ROOM.__path__, f"{ROOM.__name__}.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
