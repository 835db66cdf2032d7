from __future__ import annotations

import math
from typing import Any

import pytest

import hpo
from hpo.errors import ObjectiveError

pytestmark = pytest.mark.usefixtures("numpy_backend")

SPACE = {
    "x": hpo.Float(0, 1),
    "rate": hpo.Float(1e-5, 1, log=True),
    "n": hpo.Int(1, 4),
    "k": hpo.Choice(["a", "b", "c"]),
}


def searched(score: Any, num_trials: int = 80, searcher: str = "random", **options: Any) -> hpo.Study:
    return hpo.search(score, SPACE, num_trials=num_trials, searcher=searcher, seed=0, **options)


@pytest.mark.parametrize("searcher", ["random", "tpe"])
@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("x", lambda c: c["x"]),
        ("rate", lambda c: abs(math.log10(c["rate"]) + 2.5)),
        ("n", lambda c: c["n"]),
        ("k", lambda c: float(c["k"] != "b")),
    ],
)
def test_what_decides_comes_first_however_it_was_searched(name: str, score: Any, searcher: str) -> None:
    found = hpo.importance(searched(score, searcher=searcher))
    assert next(iter(found)) == name
    assert found[name] > 0.6
    assert sum(found.values()) == pytest.approx(1)


def test_the_order_is_that_of_the_effects() -> None:
    found = hpo.importance(searched(lambda c: c["x"] + c["n"] / 12, num_trials=300))
    assert list(found)[:2] == ["x", "n"]
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_to_maximise_is_to_minimise_the_negative() -> None:
    low = searched(lambda c: c["x"], minimize="score")
    high = searched(lambda c: -c["x"], maximize="score")
    assert hpo.importance(low) == hpo.importance(high)


def test_failed_trials_say_what_to_avoid() -> None:
    found = hpo.importance(searched(lambda c: math.nan if c["k"] == "a" else 1.0))
    assert found["k"] == max(found.values()) > 0.9


def test_where_nothing_matters_all_shares_are_zero() -> None:
    assert set(hpo.importance(searched(lambda c: 1.0)).values()) == {0.0}


def test_a_condition_is_credited_to_what_decides_and_not_to_what_it_lets_in() -> None:
    space = {
        "kind": hpo.Choice(["a", "b"]),
        "idle": hpo.Float(0, 1).when("kind", eq="a"),
        "busy": hpo.Float(0, 1).when("kind", eq="a"),
        "fixed": hpo.Constant(1),
    }
    study = hpo.search(lambda c: c.get("busy", 2.0), space, num_trials=200, seed=0)
    found = hpo.importance(study)
    assert list(found)[:2] in (["busy", "kind"], ["kind", "busy"])
    assert found["idle"] < 0.15
    assert "fixed" not in found


def test_within_a_region_what_made_the_region_does_not_matter() -> None:
    study = searched(lambda c: 10 * (c["k"] != "b") + c["x"], num_trials=300)
    assert hpo.importance(study)["k"] > 0.5
    inside = hpo.importance(study, target=0.05, region=0.3)
    assert next(iter(inside)) == "x"
    assert inside["k"] < 0.05


def test_running_trials_do_not_count() -> None:
    tuner = hpo.Tuner(None, SPACE, seed=0)
    for _ in range(30):
        trial = tuner.ask()
        tuner.tell(trial, trial.config["x"])
    before = hpo.importance(tuner.study)
    tuner.ask()
    assert hpo.importance(tuner.study) == before


def test_too_few_trials_are_an_error() -> None:
    with pytest.raises(ObjectiveError, match=r"at least 8 trials that ended.*has 5, of which 5 have one"):
        hpo.importance(searched(lambda c: c["x"], num_trials=5))


def test_shares_out_of_order_are_an_error() -> None:
    study = searched(lambda c: c["x"], num_trials=8)
    with pytest.raises(ValueError, match=r"0 < target < region <= 1; received target=0.5 and region=0.2"):
        hpo.importance(study, target=0.5, region=0.2)
