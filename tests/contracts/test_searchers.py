from __future__ import annotations

import pytest

import hpo
from hpo.searchers import Searcher
from hpo.testing import SearcherContract


@pytest.fixture(autouse=True)
def _numpy_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests of the same run may have imported frameworks, which would count as a choice.
    monkeypatch.setenv("HPO_BACKEND", "numpy")
    monkeypatch.delenv("HPO_DEVICE", raising=False)


class TestRandomSearch(SearcherContract):
    needs_one_metric = False
    never_repeats = False
    num_trials = 40

    def make(self) -> Searcher:
        return hpo.RandomSearch()


class TestSobol(SearcherContract):
    needs_one_metric = False
    num_trials = 40

    def make(self) -> Searcher:
        return hpo.SobolSearch()


class TestGrid(SearcherContract):
    needs_one_metric = False
    depends_on_seed = False

    def make(self) -> Searcher:
        return hpo.GridSearch(levels=20)


class TestLocal(SearcherContract):
    num_trials = 40

    def make(self) -> Searcher:
        return hpo.LocalSearch()


class TestTPE(SearcherContract):
    num_trials = 30

    def make(self) -> Searcher:
        return hpo.TPE()


class TestGaussianProcess(SearcherContract):
    def make(self) -> Searcher:
        return hpo.GaussianProcess()


class TestAuto(SearcherContract):
    def make(self) -> Searcher:
        return hpo.Auto()
