"""A config on several draws of weights and orders: while searching, and afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo

SPACE = {"x": hpo.Float(0, 1)}
POINTS = [{"x": 0.5}, {"x": 0.25}, {"x": 0.75}]


def lucky(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
    """What a config is worth, and what the draw adds."""
    return float(config["x"] + 0.1 * trial.replicate)


def search(objective: Any = lucky, **options: Any) -> hpo.Study:
    return hpo.search(
        objective, SPACE, num_trials=3, points_to_evaluate=POINTS, minimize="error", seed=0, **options
    )


def test_a_result_is_the_mean_over_the_draws_with_its_spread() -> None:
    best = search(replicates=3).best
    assert best.value == pytest.approx(0.35)
    assert best.metrics["error.std"] == pytest.approx(0.1)


def test_so_is_each_report() -> None:
    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for epoch in (1, 2):
            yield epoch + trial.replicate

    reports = search(curve, replicates=2).trials[0].reports
    assert [report.metrics["error"] for report in reports] == [1.5, 2.5]
    assert reports[0].metrics["error.std"] == pytest.approx(np.std([1, 2], ddof=1))


def test_the_best_are_confirmed_on_draws_that_selected_nothing() -> None:
    seen: list[tuple[float, int]] = []

    def watched(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
        seen.append((config["x"], trial.replicate))
        return lucky(config, trial)

    study = search(watched)
    confirmed = hpo.confirm(study, top=2, replicates=2)
    assert seen[3:] == [(0.25, 1), (0.25, 2), (0.5, 1), (0.5, 2)]
    assert [(one.trial, one.rank, one.before) for one in confirmed] == [(1, 1, 0.25), (0, 2, 0.5)]
    assert confirmed[0].mean == pytest.approx(0.4)
    assert study.confirmed == confirmed


def test_what_was_confirmed_is_in_the_log_and_not_trained_again(tmp_path: Path) -> None:
    hpo.confirm(search(storage=tmp_path / "s.db"), top=1, replicates=2)
    study = hpo.load_study(tmp_path / "s.db")
    assert [one.trial for one in study.confirmed] == [1]
    hpo.confirm(study, top=1, replicates=2, objective=lambda config: pytest.fail("trained again"))


def test_a_study_from_a_log_needs_its_objective(tmp_path: Path) -> None:
    search(storage=tmp_path / "s.db")
    with pytest.raises(ValueError, match=r"no objective; pass it: confirm\(study, objective=f\)"):
        hpo.confirm(hpo.load_study(tmp_path / "s.db"))


def test_a_config_that_fails_this_time_is_an_error() -> None:
    def fragile(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
        if trial.replicate:
            raise RuntimeError("bad luck")
        return float(config["x"])

    with pytest.raises(
        hpo.errors.ObjectiveError, match=r"Trial 1, config .*0\.25.* failed on draw 1: .*bad luck"
    ):
        hpo.confirm(search(fragile))


@pytest.mark.parametrize("top", [1, 2])
def test_while_no_trial_was_trained_in_full_the_best_of_the_others_is_confirmed(top: int) -> None:
    def curve(config: dict[str, Any]) -> Iterator[float]:
        for _ in range(4):
            yield config["x"]

    class Never(hpo.ASHA):
        """Stops each trial after its first epoch."""

        def on_report(self, study: Any, trial: int) -> Any:
            return hpo.objective.decision.Decision(hpo.objective.decision.Verdict.STOP, "as it is")

    study = search(curve, scheduler=Never(1, 4))
    assert [one.trial for one in hpo.confirm(study, top=top, replicates=1)] == [1]


def test_without_a_result_there_is_none_to_confirm() -> None:
    with pytest.raises(hpo.errors.SearchFailedError) as raised:
        search(lambda config: float("nan"))
    with pytest.raises(hpo.errors.ObjectiveError, match="so there is no best one"):
        hpo.confirm(raised.value.study)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [({"top": 0}, "top is an integer of at least 1"), ({"replicates": 0}, "replicates is an integer of at")],
)
def test_counts_are_at_least_1(arguments: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        hpo.confirm(search(), **arguments)
