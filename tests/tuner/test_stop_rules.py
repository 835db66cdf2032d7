from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

import hpo

SPACE = {"x": hpo.Float(0, 1)}


def search(values: list[float], **options: Any) -> hpo.Study:
    """A search whose trials give these values, one after the other."""
    rest = iter(values)
    return hpo.search(lambda config: next(rest), SPACE, seed=0, **options)


def curve(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    for _ in range(3):
        yield {"loss": config["x"], "joules": 10.0}


def test_a_target_that_is_reached_ends_the_search_and_is_the_reason() -> None:
    study = search([3.0, 2.0, 1.0, 0.0], stop=hpo.Target(1.5))
    assert len(study.trials) == 3
    assert study.notes[-1] == ("stop", "trial 2 reached value 1, where the target is 1.5")


def test_a_target_of_what_is_maximised_is_above() -> None:
    assert len(search([0.1, 0.9, 0.3], maximize="accuracy", stop=hpo.Target(0.8)).trials) == 2


def test_patience_ends_a_search_that_improves_no_more() -> None:
    study = search([3.0, 1.0, 2.0, 2.0, 0.0], stop=hpo.Patience(2))
    assert len(study.trials) == 4
    assert study.notes[-1].text == "2 trials ended since the best one, of 2 that its patience allows"


def test_failed_trials_try_the_patience() -> None:
    assert len(search([1.0, float("nan"), float("nan"), 0.0], stop=hpo.Patience(2)).trials) == 3


@pytest.mark.parametrize(
    ("amount", "of", "num_trials"), [(4, "epochs", 2), (6, "epochs", 2), (7, "epochs", 3), (55, "joules", 2)]
)
def test_the_cost_of_all_trials_ends_a_search(amount: float, of: str, num_trials: int) -> None:
    study = hpo.search(curve, SPACE, minimize="loss", seed=0, num_trials=9, stop=hpo.MaxCost(amount, of=of))
    assert len(study.trials) == num_trials
    assert f" {of}, of {amount} that are allowed" in study.notes[-1].text


def test_a_cost_in_results_without_reports_counts_too() -> None:
    study = hpo.search(
        lambda config: {"loss": 1.0, "joules": 2.0}, SPACE, minimize="loss", stop=hpo.MaxCost(5, of="joules")
    )
    assert len(study.trials) == 3


def test_seconds_are_a_cost() -> None:
    study = hpo.search(lambda config: 1.0, SPACE, stop=hpo.MaxCost(1e-9, of="seconds"))
    assert len(study.trials) == 1


def test_a_rule_of_one_s_own_says_why() -> None:
    def enough(study: hpo.Study) -> str | None:
        return "it is enough" if len(study.trials) == 2 else None

    study = search([3.0, 2.0, 1.0], stop=[hpo.Target(0), enough])
    assert (len(study.trials), study.notes[-1]) == (2, ("stop", "it is enough"))


def test_time_ends_a_search_between_two_epochs_and_the_trial_goes_on_later() -> None:
    def endless(config: dict[str, Any]) -> Iterator[float]:
        while True:
            yield 1.0

    tuner = hpo.Tuner(endless, SPACE, num_trials=2, seed=0, timeout=0.05)
    study = tuner.run()
    assert study.notes[-1] == ("stop", "its 0.05 seconds are over")
    assert [trial.state for trial in study.trials] == [hpo.study.TrialState.RUNNING]
    assert tuner.run().trials[0].attempt == 1


def test_a_search_that_nothing_would_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Nothing would end this search.*num_trials=, timeout=.*stop="):
        hpo.search(lambda config: 1.0, SPACE)


WRONG: Any = "low"


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda: hpo.Target(WRONG),
            TypeError,
            r"Target\(value\) is a number that is not NaN; received 'low'",
        ),
        (
            lambda: hpo.Target(math.nan),
            ValueError,
            r"Target\(value\) is a number that is not NaN; received nan",
        ),
        (
            lambda: hpo.Patience(0),
            ValueError,
            r"Patience\(num_trials\) is an integer of at least 1; received 0",
        ),
        (lambda: hpo.Patience(WRONG), TypeError, r"Patience\(num_trials\) is an integer.*received 'low'"),
        (lambda: hpo.MaxCost(-1), ValueError, r"MaxCost\(amount\) is a number above 0; received -1"),
        (lambda: search([], timeout=0), ValueError, "timeout is a number above 0; received 0"),
        (lambda: search([], num_trials=0), ValueError, "num_trials is an integer of at least 1; received 0"),
    ],
)
def test_what_ends_no_search_is_refused(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


def test_a_cost_that_no_trial_reports_is_refused_and_not_waited_for() -> None:
    said = r"MaxCost\(9, of='joule'\) would never end .* trial 0 reported no 'joule', but loss, joules\."
    with pytest.raises(hpo.errors.ObjectiveError, match=said):
        hpo.search(curve, SPACE, minimize="loss", stop=hpo.MaxCost(9, of="joule"), seed=0)


def test_a_result_after_reports_costs_nothing_again() -> None:
    def objective(config: dict[str, Any]) -> Any:
        yield from curve(config)
        return {"loss": 0.0, "joules": 10.0}

    study = hpo.search(objective, SPACE, minimize="loss", stop=hpo.MaxCost(60, of="joules"), seed=0)
    assert len(study.trials) == 2


def test_a_warm_start_need_not_have_the_cost() -> None:
    before = hpo.search(lambda config: {"loss": 1.0}, SPACE, minimize="loss", num_trials=1, seed=0)
    rule = hpo.MaxCost(30, of="joules")
    study = hpo.search(curve, SPACE, minimize="loss", stop=rule, warm_start=[before], seed=0)
    assert len(study.trials) == 2
