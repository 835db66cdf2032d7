from __future__ import annotations

from typing import Any

import pytest

import hpo
from hpo.testing import grade
from hpo.testing._grade import Check, Grade


class Repeating(hpo.RandomSearch):
    """Proposes the first config of its seed again and again, which a contract may allow."""

    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        return [hpo.searchers.Proposal(config) for _ in range(n) for config in study.space.sample(study.seed)]


class Forgetful(hpo.RandomSearch):
    """Answers otherwise each time it is asked."""

    asked = 0

    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        type(self).asked += 1
        return [hpo.searchers.Proposal(each) for each in study.space.sample(self.asked, n=n)]


def graded(make: Any, **options: Any) -> Grade:
    options = {"needs_one_metric": False, "never_repeats": False, "num_trials": 6, "seeds": 2} | options
    return grade(make, **options)


def test_random_search_passes_and_is_as_good_as_itself() -> None:
    found = graded(hpo.RandomSearch)
    assert found.passed
    assert found.scores == {"floats": 0.0, "mixed": 0.0, "conditional": 0.0}
    assert len(found.checks) > 40
    assert "tests of the contract passed" in str(found)
    assert len(found.plot().axes) == 3


def test_what_breaks_the_contract_is_named() -> None:
    found = graded(Forgetful)
    assert not found.passed
    assert "test_asking_changes_nothing" in [check.name for check in found.failed]
    assert "FAILED test_asking_changes_nothing" in str(found)


def test_one_that_keeps_the_contract_may_still_be_worse_than_random() -> None:
    found = graded(Repeating)
    assert found.score < 0
    assert not found.passed


def test_a_grade_is_made_of_what_was_found() -> None:
    one = Grade((Check("a"), Check("b", "ValueError: no")), {}, {"floats": 50.0, "mixed": 70.0})
    assert (one.score, one.passed, one.failed) == (60.0, False, (Check("b", "ValueError: no"),))


@pytest.mark.parametrize(
    ("make", "flags", "text"),
    [
        (hpo.TPE(), {}, r"grade takes what makes a searcher.*received <.*Write grade\(TPE\)"),
        (dict, {}, r"has a method ask\(study, n\); 'dict' made \{\}"),
        (hpo.TPE, {"repeats": True}, "The contract has no 'repeats'; it has: needs_one_metric"),
    ],
)
def test_wrong_arguments(make: Any, flags: dict[str, Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        grade(make, **flags)
