"""Searchers and schedulers of others: with what they define, and the defaults of the protocols."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import hpo
from hpo.schedulers import scheduler_named
from hpo.searchers import searcher_named

SPACE = {"x": hpo.Float(0, 1)}


class Middle:
    """Knows nothing of the protocol."""

    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        return [hpo.searchers.Proposal({"x": 0.5})] * n


class Derived(hpo.searchers.Searcher):
    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        return [hpo.searchers.Proposal({"x": 0.5})] * n


class TwoEpochs:
    """A scheduler that knows nothing of the protocol but the last epoch."""

    max_epochs = 2

    def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
        return hpo.schedulers.Grant(until=2) if can_start else None

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        return hpo.schedulers.CONTINUE


class Bare:
    __slots__ = ()

    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        return []


def search(**options: Any) -> hpo.Study:
    return hpo.search(lambda config: config["x"], SPACE, num_trials=2, seed=0, **options)


def test_an_object_that_only_asks_gets_the_defaults_when_a_search_takes_it() -> None:
    searcher: Any = Middle()
    assert [trial.config["x"] for trial in search(searcher=searcher, points_to_evaluate=[]).trials] == [
        0.5
    ] * 2
    assert searcher.needs_results is True
    assert isinstance(searcher, hpo.searchers.Searcher)


def test_a_class_that_derives_inherits_them() -> None:
    assert Derived().needs_results
    assert vars(searcher_named(Derived())) == {}


def test_what_is_defined_is_left_as_it_is() -> None:
    scheduler = scheduler_named(TwoEpochs())  # type: ignore[arg-type]  # as a third party that runs no mypy
    assert (scheduler.max_epochs, scheduler.needs_epochs, scheduler.levels) == (2, False, ())
    assert scheduler.forecast(10) is None


def test_what_was_filled_in_goes_through_pickle() -> None:
    scheduler: Any = scheduler_named(TwoEpochs())  # type: ignore[arg-type]  # it lacks what has a default
    copy = pickle.loads(pickle.dumps(scheduler))
    assert copy.forecast(10) is None
    assert copy.levels == ()


def test_an_object_that_takes_no_attributes_is_told_to_derive() -> None:
    said = r"Bare defines no needs_results, and takes no attributes; derive it from hpo\.searchers\.Searcher"
    with pytest.raises(TypeError, match=said):
        search(searcher=Bare())


def test_a_class_that_derives_and_lacks_a_method_cannot_be_made() -> None:
    class Silent(hpo.schedulers.Scheduler):
        def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
            return None

    with pytest.raises(TypeError, match=r"abstract method '?on_report"):
        Silent()  # type: ignore[abstract]  # wrong on purpose


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("searcher", r"A searcher is one of 'auto'.* an object with ask\(study, n\); received <object"),
        ("scheduler", r"A scheduler is one of 'asha'.*on_report\(study, trial\); received <object"),
    ],
)
def test_what_has_no_such_method_is_none(option: str, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        search(**{option: object()})
