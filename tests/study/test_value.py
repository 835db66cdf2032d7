"""A trial's value: its last report, or with value="best" its best one, read alike everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hpo
from hpo.plots._epochs import incumbent_over_epochs
from hpo.schedulers.standings import Standings
from hpo.study import Metric, TrialState
from hpo.study.value import checked_value_of
from hpo.surrogates.observations import Observer

SPACE = {"n": hpo.Int(0, 9)}
CURVES = {0: (5.0, 4.0, 4.5), 1: (6.0, 2.0, 7.0), 2: (3.0, 3.0, 3.0)}


def curve(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    for epoch, error in enumerate(CURVES[config["n"]], start=1):
        yield {"error": error, "epoch times ten": 10 * epoch}


def search(value: Any = "best", objective: Any = curve, **options: Any) -> hpo.Study:
    given = {"num_trials": 3, "points_to_evaluate": [{"n": n} for n in range(3)], "seed": 0}
    return hpo.search(objective, SPACE, **{"minimize": "error", "value": value, **given, **options})


def by_hand(reports: Sequence[float], **options: Any) -> tuple[hpo.Tuner, hpo.Trial]:
    tuner = hpo.Tuner(None, SPACE, **{"minimize": "error", "value": "best", "seed": 0, **options})
    trial = tuner.ask()
    for number in reports:
        tuner.report(trial, number)
    return tuner, trial


def test_by_default_a_value_is_the_last_report() -> None:
    study = search("last")
    assert [trial.value for trial in study.trials] == [4.5, 7.0, 3.0]
    assert [trial.epoch for trial in study.trials] == [3, 3, 3]


def test_the_best_epoch_counts_with_its_own_metrics() -> None:
    study = search()
    assert [trial.value for trial in study.trials] == [4.0, 2.0, 3.0]
    assert [trial.epoch for trial in study.trials] == [2, 2, 1]
    assert study.trials[1].metrics == {"error": 2.0, "epoch times ten": 20.0}


def test_all_that_compares_trials_compares_these_values() -> None:
    study = search()
    assert (study.best.id, study.best.value) == (1, 2.0)
    assert [trial.id for trial in study.top(3)] == [1, 2, 0]
    assert list(study.incumbents().values) == [4.0, 2.0, 2.0]
    assert list(study.history.values) == [4.0, 2.0, 3.0]
    assert [record["value"] for record in study.records()] == [4.0, 2.0, 3.0]


@pytest.mark.parametrize("value", ["last", "best"])
def test_the_incumbent_over_epochs_is_of_these_values(value: Any) -> None:
    study = search(value)
    assert incumbent_over_epochs(study).values[-1] == study.best.value


def test_the_best_at_an_epoch_is_the_best_by_then() -> None:
    assert [search().best_at(epoch).id for epoch in (1, 2, 3)] == [2, 1, 1]
    assert [search("last").best_at(epoch).id for epoch in (1, 2, 3)] == [2, 1, 2]


def test_the_table_says_which_epoch_a_value_is_of() -> None:
    text = str(search())
    assert "minimize error (best epoch)" in text
    assert text.splitlines()[1].split() == ["trial", "state", "n", "value", "epoch", "epochs", "seconds"]
    assert " epoch " not in str(search("last"))


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, math.nan, math.inf]), min_size=1, max_size=6), st.booleans())
def test_any_reports_are_read_alike_everywhere(reports: list[float], is_best: bool) -> None:
    tuner, trial = by_hand(reports, value="best" if is_best else "last")
    finite = [number for number in reports if math.isfinite(number)]
    expected = min(finite) if is_best and math.isfinite(reports[-1]) else reports[-1]
    history, shown = tuner.study.history, tuner.study.trials[trial.id]
    read = (shown.value, history.value(trial.id), history.value_at(trial.id, len(reports)))
    assert [str(value) for value in read] == [str(expected)] * 3
    assert shown.epoch == history.value_epoch(trial.id)
    assert str(reports[(shown.epoch or 0) - 1]) == str(expected)
    standings = Standings()
    list(standings.read_on(tuner.study))
    assert standings[trial.id].value == (expected if math.isfinite(expected) else math.inf)


@pytest.mark.parametrize(
    ("reports", "value", "epoch"),
    [
        ([2.0, math.nan, 3.0], 2.0, 1),
        ([math.nan, 3.0, math.inf, 4.0], 3.0, 2),
        ([2.0, 1.0, 1.0, 2.0], 1.0, 2),
    ],
)
def test_epochs_of_nan_in_between_are_passed_over(reports: list[float], value: float, epoch: int) -> None:
    tuner, trial = by_hand(reports)
    told = tuner.tell(trial)
    assert (told.state, told.value, told.epoch) == (TrialState.COMPLETED, value, epoch)


def test_a_trial_that_ends_with_nan_has_failed() -> None:
    tuner, trial = by_hand([1.0, math.nan])
    told = tuner.tell(trial)
    assert (told.state, told.value, told.epoch) == (TrialState.FAILED, None, None)


def test_while_the_last_report_is_nan_so_is_the_value() -> None:
    tuner, trial = by_hand([1.0, math.nan])
    shown = tuner.study.trials[trial.id]
    assert shown.epoch == 2
    assert shown.value is not None
    assert math.isnan(shown.value)
    assert not math.isfinite(tuner.study.history.value(trial.id))


@pytest.mark.parametrize(("final", "value", "epoch"), [(0.5, 0.5, 2), (1.0, 1.0, 1), (3.0, 1.0, 1)])
def test_what_is_returned_after_the_reports_is_one_of_them(final: float, value: float, epoch: int) -> None:
    tuner, trial = by_hand([1.0, 2.0])
    told = tuner.tell(trial, final)
    assert (told.value, told.epoch) == (value, epoch)
    assert tuner.study.history.values[0] == value
    tuner, trial = by_hand([1.0, 2.0], value="last")
    assert tuner.tell(trial, final).value == final


def test_to_maximise_the_largest_counts() -> None:
    tuner, trial = by_hand([1.0, 3.0, 2.0], minimize=None, maximize="score")
    assert tuner.tell(trial).value == 3.0


def test_replicates_are_averaged_by_epoch_first() -> None:
    def two_draws(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        # Each draw has an epoch of 0, and their mean has none below 2.
        yield from ([0.0, 4.0, 3.0] if trial.replicate else [4.0, 0.0, 3.0])

    study = search(objective=two_draws, replicates=2)
    assert (study.best.value, study.best.epoch) == (2.0, 1)


@pytest.mark.parametrize("scheduler", [hpo.SuccessiveHalving, hpo.ASHA, hpo.Hyperband])
def test_schedulers_compare_the_best_by_the_rung(scheduler: Any) -> None:
    first = {0: (1.0, 9.0), 1: (5.0, 5.0), 2: (6.0, 6.0)}

    def rise(config: dict[str, Any]) -> Iterator[float]:
        yield from (*first[config["n"]], 4.0, 4.0, 4.0, 4.0)

    def promoted(value: Any) -> set[int]:
        study = search(value, rise, scheduler=scheduler(2, 6, eta=3))
        return {trial.id for trial in study.trials if len(trial.reports) == 6}

    assert (promoted("last"), promoted("best")) == ({1}, {0})


def test_the_median_is_taken_of_the_best_by_the_epoch() -> None:
    spiked = dict.fromkeys(range(5), (1.0, 9.0)) | {5: (3.0, 3.0)}

    def spike(config: dict[str, Any]) -> Iterator[float]:
        yield from spiked[config["n"]]

    def state(value: Any) -> TrialState:
        points = [{"n": n} for n in range(6)]
        rule = hpo.MedianStopping(3, min_epochs=2, min_trials=5)
        study = search(value, spike, scheduler=rule, num_trials=6, points_to_evaluate=points)
        return study.trials[5].state

    assert (state("last"), state("best")) == (TrialState.COMPLETED, TrialState.STOPPED)


def test_models_learn_from_the_best_by_each_rung() -> None:
    study = search(scheduler=hpo.ASHA(2, 3, eta=3))
    observer = Observer()
    assert observer.read(study).known.all()
    assert [curve.reports for curve in observer._curves][1] == ((1, 6.0), (2, 2.0), (3, 2.0))


def test_a_paused_trial_counts_with_its_best_report_too() -> None:
    tuner = hpo.Tuner(None, SPACE, minimize="error", value="best", seed=0, scheduler=hpo.ASHA(2, 8, eta=2))
    for reports in ([1.0, 5.0], [2.0, 2.0]):
        trial = tuner.ask()
        for number in reports:
            tuner.report(trial, number)
    assert [trial.state for trial in tuner.study.trials] == [TrialState.PAUSED] * 2
    assert (tuner.study.best.id, tuner.study.best.value, tuner.study.best.epoch) == (0, 1.0, 1)


def test_the_log_keeps_which_report_counts(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    study = search(storage=file)
    assert study.events[0].data["value"] == "best"
    assert hpo.load_study(file).value_of == "best"
    assert hpo.load_study(file) == study
    with pytest.raises(hpo.errors.StudyMismatchError, match="value: 'best' there, 'last' here"):
        search("last", storage=file, resume=True)
    assert "value" not in search("last").events[0].data


def test_confirming_reads_results_as_the_study_does() -> None:
    assert hpo.confirm(search(), top=1, replicates=2)[0].values == (2.0, 2.0)
    assert hpo.confirm(search("last"), top=1, replicates=2)[0].values == (3.0, 3.0)


@pytest.mark.parametrize("value", ["last", "best"])
def test_what_a_scheduler_let_train_is_confirmed_as_far(value: Any) -> None:
    def by_scheduler(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for epoch in trial.epochs():
            yield config["n"] + abs(epoch - 3)

    study = search(value, by_scheduler, scheduler=hpo.ASHA(1, 6, eta=2))
    [confirmed] = hpo.confirm(study, top=1, replicates=2)
    assert confirmed.values == (confirmed.before, confirmed.before) == (study.best.value,) * 2


@pytest.mark.parametrize(("value", "epoch"), [("last", 3), ("best", 2)])
def test_the_final_test_is_of_the_epoch_of_the_value(value: Any, epoch: int) -> None:
    def sealed(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
        opened = trial.opening is not None
        if trial.opening is not None:
            trial.opening.used = True
        for number, error in enumerate(CURVES[config["n"]], start=1):
            # On the sealed examples another epoch is the best.
            yield {"error": number - 10.0 if opened else error + config["n"], "epoch": number}

    study = search(value, sealed, num_trials=1)
    assert hpo.final_test(study) == epoch - 10.0


def test_which_report_counts_is_one_of_two() -> None:
    with pytest.raises(ValueError, match=r"value= is 'last' or 'best'.*received 'mean'"):
        search("mean")


def test_several_metrics_have_no_best_epoch_together() -> None:
    goals = (Metric("error"), Metric("latency"))
    assert checked_value_of("last", goals) == "last"
    with pytest.raises(ValueError, match=r"best epoch of one metric.*received 2 metrics: error, latency"):
        checked_value_of("best", goals)


@pytest.mark.parametrize(("before", "after", "value"), [("best", "last", 3.0), ("last", "best", 1.0)])
def test_a_warm_start_counts_the_reports_that_count_here(before: Any, after: Any, value: float) -> None:
    def objective(config: dict[str, Any]) -> Iterator[float]:
        yield from (2.0, 1.0, 3.0)

    options: dict[str, Any] = {"minimize": "value", "num_trials": 1, "seed": 0}
    old = hpo.search(objective, {"x": hpo.Float(0, 1)}, value=before, **options)
    new = hpo.search(objective, {"x": hpo.Float(0, 1)}, value=after, warm_start=[old], **options)
    assert [trial.value for trial in new.trials] == [value, value]


def test_a_warm_start_is_from_a_list_of_studies() -> None:
    study: Any = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
    wrong: list[Any] = [study, ["study.db"]]
    for each in wrong:
        with pytest.raises(
            TypeError, match=r"warm_start= takes a list of studies, for example .*; received "
        ):
            hpo.Tuner(None, study.space, num_trials=1, warm_start=each)


@pytest.mark.parametrize("method", ["checkpoint", "arrays", "load_into"])
def test_what_was_called_which_is_refused_with_its_name_of_today(method: str) -> None:
    trial = hpo.Trial(0, {})
    with pytest.raises(TypeError, match=rf"Trial\.{method} takes epoch= in the place of which: 'best', "):
        getattr(trial, method)(*([None] if method == "load_into" else []), which="best")
