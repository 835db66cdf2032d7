"""Each searcher that has a name under the contract."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from hpo.searchers import SEARCHERS, Searcher, searcher_named
from hpo.testing import SearcherContract
from tests.contracts.by_name import classes

DIFFERENT: dict[str, dict[str, Any]] = {
    "random": {"never_repeats": False, "num_trials": 40},
    "sobol": {"num_trials": 40},
    "grid": {"depends_on_seed": False, "options": {"levels": 20}},
    "local": {"num_trials": 40},
    "tpe": {"num_trials": 30},
}
"""What a searcher has beside the defaults of the contract; its options are those it is made with."""


@pytest.fixture(autouse=True)
def _numpy_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests of the same run may have imported frameworks, which would count as a choice.
    monkeypatch.setenv("HPO_BACKEND", "numpy")
    monkeypatch.delenv("HPO_DEVICE", raising=False)


class Named(SearcherContract):
    name: str
    options: Mapping[str, Any] = MappingProxyType({})

    def make(self) -> Searcher:
        return searcher_named(self.name, **self.options)


# What needs no results can do with any number of metrics.
_ATTRIBUTES = {
    name: {"needs_one_metric": searcher_named(name).needs_results, **DIFFERENT.get(name, {})}
    for name in SEARCHERS
}
globals().update(classes(Named, _ATTRIBUTES))
