"""Figures of searches whose trials pause, stop and go on, by what is drawn."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import hpo
from hpo.plots import KINDS, plot
from hpo.plots._epochs import incumbent_over_epochs
from hpo.plots._timeline import lanes
from hpo.plots.lives import colours, few_of, stretches
from tests.plots.extents import headline

KINDS_OF_EPOCHS = ("curves", "rungs", "epochs", "timeline")


def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
    for epoch in trial.epochs(9):
        if config["x"] > 0.9:
            raise ValueError("too large")
        yield {"error": config["x"] + 1 / epoch}


def searched(scheduler: Any = "fifo", workers: int = 3, objective: Any = curve) -> hpo.Study:
    return hpo.search(
        objective,
        {"x": hpo.Float(0, 1)},
        minimize="error",
        scheduler=scheduler,
        num_trials=18,
        seed=0,
        executor=hpo.SimulatedExecutor(workers),
    )


def legend(figure: Figure) -> list[str]:
    found = figure.axes[0].get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


@pytest.mark.parametrize("kind", KINDS_OF_EPOCHS)
@pytest.mark.parametrize(
    "scheduler",
    ["fifo", hpo.ASHA(1, 9), hpo.ASHA(1, 9, kind="stopping"), hpo.Hyperband(1, 9), hpo.MedianStopping(9)],
)
def test_every_figure_can_be_drawn_of_every_scheduler(kind: str, scheduler: Any) -> None:
    assert kind in KINDS
    figure = plot(searched(scheduler), kind)
    figure.canvas.draw()
    assert headline(figure).startswith("study: ")


@pytest.mark.parametrize("kind", KINDS_OF_EPOCHS)
def test_a_study_without_epochs_is_told_what_is_missing(kind: str) -> None:
    study = hpo.search(lambda config: 1.0, {"x": hpo.Float(0, 1)}, num_trials=2, seed=0)
    with pytest.raises(hpo.errors.ObjectiveError, match="No trial of the study 'study' reported an epoch"):
        plot(study, kind)


def test_the_longest_trainings_are_the_darkest_as_on_the_page() -> None:
    brightness = [sum(to_rgb(colour)) for colour in colours([1, 3, 9, 27, 81])]
    assert brightness == sorted(brightness, reverse=True)


def test_curves_are_coloured_by_rung_and_end_with_what_was_decided() -> None:
    study = searched(hpo.SuccessiveHalving(1, 9))
    figure = plot(study, "curves")
    labels = legend(figure)
    assert labels[:3] == ["to epoch 1", "to epoch 3", "to epoch 9"]
    assert {"stopped", "completed"} <= set(labels)
    assert labels[-1].startswith("best: trial ")
    [lines] = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    assert len(lines.get_segments()) == len(study.trials)
    assert len(np.unique(np.asarray(lines.get_colors()), axis=0)) == 3  # of three rungs
    [best] = figure.axes[0].lines
    assert list(np.asarray(best.get_ydata())) == [report.metrics["error"] for report in study.best.reports]
    assert figure.axes[0].get_xscale() == "log"


def test_the_bars_of_rungs_are_as_high_as_trials_came() -> None:
    study = searched(hpo.SuccessiveHalving(1, 9))
    axes = plot(study, "rungs").axes[0]
    came = [sum(len(trial.reports) >= level for trial in study.trials) for level in (1, 3, 9)]
    assert [int(text.get_text()) for text in axes.texts] == came
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "3", "9"]
    figure: Any = axes.figure  # of the axes of a whole figure
    assert {"went on", "stopped", "completed"} <= set(legend(figure))


def test_the_incumbent_is_of_trials_that_were_trained_in_full() -> None:
    study = searched(hpo.ASHA(1, 9))
    spent = incumbent_over_epochs(study)
    assert spent.epochs[-1] == sum(len(trial.reports) for trial in study.trials)
    assert spent.values[-1] == study.best.value
    first = int(np.flatnonzero(np.isfinite(spent.values))[0])
    assert first > 0
    assert (np.diff(spent.values[first:]) <= 0).all()
    assert np.isfinite(spent.provisional[:first]).all()
    assert np.isnan(spent.provisional[first:]).all()


def test_the_incumbent_of_a_metric_to_maximize_rises() -> None:
    def rising(config: dict[str, Any]) -> Iterator[float]:
        yield from (config["x"], config["x"] + 1)

    study = hpo.search(rising, {"x": hpo.Float(0, 1)}, maximize="gain", num_trials=9, seed=0)
    spent = incumbent_over_epochs(study)
    assert spent.values[-1] == study.best.value
    assert (np.diff(spent.values[2:]) >= 0).all()


def test_a_timeline_says_how_many_ran_at_once() -> None:
    study = searched(hpo.ASHA(1, 9), workers=4)
    found = stretches(study)
    [ax] = plot(study, "timeline").axes
    span = max(one.end for one in found) - min(one.begin for one in found)
    mean = sum(one.end - one.begin for one in found) / span
    figure: Any = ax.figure  # of the axes of a whole figure
    assert headline(figure) == f"study: {len(found)} runs, at most 4 at once, {mean:.1f} on average"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2", "3"]


def test_no_two_runs_of_a_worker_overlap() -> None:
    study = searched(hpo.ASHA(1, 9), workers=4)
    found = stretches(study)
    rows = lanes(found)
    assert max(rows) == 3
    for row in range(4):
        mine = [one for one, place in zip(found, rows, strict=True) if place == row]
        assert all(before.end <= after.begin for before, after in pairwise(mine))


def test_a_run_after_a_pause_is_a_bar_of_its_own() -> None:
    study = searched(hpo.ASHA(1, 9))
    found = [one for one in stretches(study) if one.trial == study.best.id]
    assert [(one.first, one.last) for one in found] == [(0, 1), (1, 3), (3, 9)]
    assert [one.ending for one in found] == ["paused", "paused", "completed"]


def test_of_many_rungs_a_few_are_named() -> None:
    assert few_of(range(4)) == [0, 1, 2, 3]
    assert few_of(range(21)) == [0, 4, 8, 12, 16, 20]


def test_a_scatter_plot_shows_small_what_was_ended_early() -> None:
    study = searched(hpo.SuccessiveHalving(1, 9))
    early = sum(trial.state is hpo.study.TrialState.STOPPED for trial in study.trials)
    figure = plot(study, "scatter")
    assert f"stopped or paused, at its last epoch ({early})" in legend(figure)
