"""Figures show the trials that a scheduler stopped or lets wait, by what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure

import hpo
from hpo.plots import KINDS, plot, rungs, timeline
from hpo.plots._cost import _span_of_seconds
from hpo.plots._workers import busy
from hpo.plots.comparable import ENOUGH_TRIALS, comparable
from hpo.plots.lives import stretches
from hpo.plots.reach import Span
from hpo.study import TrialState
from tests.plots.extents import headline
from tests.plots.studies import interrupted, scheduled

EARLY = ("scatter", "slice", "history", "cost", "rank")
"""Kinds that draw a point for each trial."""


@pytest.fixture(scope="module")
def study() -> hpo.Study:
    return scheduled(hpo.ASHA(1, 27), 40)


def early(study: hpo.Study) -> list[hpo.study.Trial]:
    return [trial for trial in study.trials if trial.state in (TrialState.STOPPED, TrialState.PAUSED)]


def marked(figure: Figure, label: str) -> PathCollection:
    [found] = [each for each in figure.axes[0].collections if str(each.get_label()).startswith(label)]
    assert isinstance(found, PathCollection)
    return found


@pytest.mark.parametrize("kind", EARLY)
def test_trials_that_were_stopped_or_wait_have_a_mark_of_their_own(kind: str, study: hpo.Study) -> None:
    points = marked(plot(study, kind), f"stopped or paused, at its last epoch ({len(early(study))})")
    assert len(np.asarray(points.get_offsets())) == len(early(study)) > 30


@pytest.mark.parametrize("kind", ["scatter", "slice", "history", "cost"])
def test_they_stand_at_the_values_of_the_last_epochs_that_they_reached(kind: str, study: hpo.Study) -> None:
    points = marked(plot(study, kind), "stopped or paused")
    expected = sorted(trial.reports[-1].metrics["val_error"] for trial in early(study))
    assert sorted(np.asarray(points.get_offsets())[:, 1]) == pytest.approx(expected)


def test_parallel_coordinates_have_a_broken_line_for_each(study: hpo.Study) -> None:
    drawn = [each for each in plot(study, "parallel").axes[0].collections if isinstance(each, LineCollection)]
    counts = [len(each.get_segments()) for each in drawn]
    assert sum(counts) == len(study.trials)
    assert len(early(study)) in counts


def test_a_study_without_a_training_in_full_is_drawn_too() -> None:
    study = hpo.Study.from_events(event for event in scheduled(hpo.ASHA(1, 27), 40).events[:60])
    assert not study.num_completed
    for kind in ("scatter", "slice", "parallel", "history", "cost", "rank", "curves", "timeline"):
        assert plot(study, kind).axes


def test_an_early_end_is_no_rung(study: hpo.Study) -> None:
    assert any(trial.reports and trial.reports[-1].epoch == 2 for trial in study.trials)
    axes = rungs(study).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "3", "9", "27"]
    assert axes.get_xlabel() == "rung (epoch)"


def test_a_scheduler_without_rungs_has_bars_of_epochs() -> None:
    axes = rungs(scheduled(hpo.MedianStopping(27), 30)).axes[0]
    assert axes.get_xlabel() == "epoch"


def test_interrupted_runs_end_with_the_last_sign_of_their_process() -> None:
    study = interrupted()
    figure = timeline(study)
    assert headline(figure) == "killed twice: 24 runs, at most 2 at once, 2.0 on average"
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert legend.get_texts()[-1].get_text() == "interrupted (4)"
    times, running = busy(stretches(study))
    assert max(running) == 2
    assert running[-1] == 0
    assert times[-1] == study.events[-1].elapsed


def test_a_search_that_was_killed_and_resumed_never_ran_more_than_its_workers(tmp_path: Any) -> None:
    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Any:
        for epoch in trial.epochs(3):
            if trial.id == 5 and epoch == 2 and armed:
                raise KeyboardInterrupt
            yield config["x"] + 1 / epoch

    options: dict[str, Any] = {"storage": tmp_path / "study.db", "num_trials": 9, "seed": 0, "name": "a"}
    armed = True
    with pytest.raises(hpo.SearchInterrupted):
        hpo.search(curve, {"x": hpo.Float(0, 1)}, **options)
    armed = False
    study = hpo.search(curve, {"x": hpo.Float(0, 1)}, resume=True, **options)
    endings = [run.ending for run in stretches(study)]
    assert (endings.count("interrupted"), endings.count("completed")) == (1, 9)
    assert max(busy(stretches(study))[1]) == 1


def test_every_kind_has_a_test_of_its_layout() -> None:
    assert set(EARLY) < set(KINDS)


def test_where_few_trials_completed_a_contour_is_of_an_epoch_that_enough_reached(study: hpo.Study) -> None:
    assert study.num_completed < ENOUGH_TRIALS
    found = comparable(study)
    assert found.epoch is not None
    assert len(found.values) >= ENOUGH_TRIALS
    assert all(study.history.value_at(trial, found.epoch) == value for trial, value in found.values.items())
    dots = marked(plot(study, "contour"), f"trial, after epoch {found.epoch}")
    assert len(np.asarray(dots.get_offsets())) == len(found.values)


def test_a_trial_that_takes_much_longer_stands_at_the_edge_of_seconds_that_are_alike() -> None:
    alike = [0.000359, 0.000233, 0.000228, 0.000311]
    assert _span_of_seconds([*alike, 0.007673]) == Span(high=max(alike))
    assert _span_of_seconds([0.01, 0.1, 1.0, 9.0, 80.0]).is_log
