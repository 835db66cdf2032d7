"""Figures that explain a study, by what is drawn and not by pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy import stats

import hpo
from hpo.errors import ObjectiveError
from hpo.plots import KINDS, contour, edf, history, importance, parallel, plot, save, slices
from tests.plots.test_multi_fidelity import KINDS_OF_EPOCHS

SPACE = {
    "rate": hpo.Float(1e-4, 1, log=True),
    "model": hpo.Choice(["linear", "network"]),
    "depth": hpo.Int(1, 8).when("model", eq="network"),
    "size": hpo.Ordinal([16, 32, 64]),
    "shift": stats.norm(0, 1),
    "fixed": hpo.Constant(1),
}
OURS = [kind for kind in KINDS if kind not in (*KINDS_OF_EPOCHS, "scatter", "workers")]
"""Those that have no file of tests of their own."""


def score(config: dict[str, Any]) -> float:
    if config["rate"] > 0.5:
        return math.nan
    depth = abs(config.get("depth", 4) - 4)
    return float((math.log10(config["rate"]) + 2) ** 2 + depth + (config["model"] == "linear"))


def searched(num_trials: int = 30, seed: int = 0, objective: Any = score, **goal: Any) -> hpo.Study:
    return hpo.search(
        objective, SPACE, num_trials=num_trials, seed=seed, backend="numpy", **(goal or {"minimize": "loss"})
    )


def heights(line: Line2D) -> NDArray[np.float64]:
    return np.asarray(line.get_ydata(), dtype=np.float64)


def colours(ax: Axes) -> NDArray[np.float64]:
    """The numbers that the first collection shows as colours; NaN where it shows none."""
    shown = ax.collections[0]
    numbers = np.ma.filled(np.ma.asarray(shown.get_array()).astype(np.float64), np.nan)
    if isinstance(shown, QuadMesh):  # before Matplotlib 3.8 its numbers are in one row
        height, width, _ = np.asarray(shown.get_coordinates()).shape
        return numbers.reshape(height - 1, width - 1)
    return numbers


@pytest.mark.parametrize("kind", OURS)
def test_every_kind_is_drawn_of_a_conditional_space_with_failures(kind: str, tmp_path: Any) -> None:
    study = searched(16, maximize="loss")
    assert study.num_failed
    assert save(plot(study, kind), tmp_path / f"{kind}.svg").stat().st_size > 1000


@pytest.mark.parametrize("kind", OURS)
def test_every_kind_says_what_is_missing_where_nothing_completed(kind: str) -> None:
    tuner = hpo.Tuner(None, SPACE, seed=0, minimize="loss")
    for _ in range(9):
        tuner.tell(tuner.ask(), failed="no")
    with pytest.raises(
        ObjectiveError, match=r"no trial of the study 'study' completed|one of them with a res"
    ):
        plot(tuner.study, kind)


@pytest.mark.parametrize("kind", OURS)
def test_every_kind_is_drawn_of_equal_and_of_very_different_values(kind: str) -> None:
    equal = searched(12, objective=lambda config: 1.0)
    wide = searched(12, objective=lambda config: 1e9 * config["rate"] ** 4)
    for study in (equal, wide):
        assert plot(study, kind).axes


def test_importance_has_a_bar_for_each_that_varies_the_largest_on_top() -> None:
    study = searched()
    [ax] = importance(study).axes
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == list(hpo.importance(study))[::-1]
    assert "fixed" not in labels


@pytest.mark.parametrize(
    ("low", "high"), [(1e-4, 1e-1), (1e-3, 1.0), (1.0, 1000.0), (1e-5, 5e-4), (8, 256), (0.2, 0.9)]
)
def test_the_labels_of_a_logarithmic_axis_keep_apart(low: float, high: float) -> None:
    space = {name: hpo.Float(low, high, log=True) for name in "abcd"}
    study = hpo.search(lambda config: sum(config.values()), space, num_trials=8, seed=0)
    figure = slices(study)
    figure.canvas.draw()
    for ax in figure.axes[:4]:
        left, right = ax.get_window_extent().x0, ax.get_window_extent().x1
        boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
        boxes = [box for box in boxes if left <= (box.x0 + box.x1) / 2 <= right]
        assert len(boxes) >= 2
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_slices_colour_trials_by_when_they_came() -> None:
    study = searched()
    figure = slices(study, ["rate", "depth"])
    rate, depth = figure.axes[:2]
    completed = [trial for trial in study.trials if trial.state.value == "completed"]
    assert list(colours(rate)) == [trial.id for trial in completed]
    assert len(colours(depth)) == sum("depth" in trial.config for trial in completed)
    assert rate.get_xscale() == "log"


def test_a_contour_follows_the_values_and_is_empty_where_nothing_was_tried() -> None:
    space = {"x": hpo.Float(0, 1), "y": hpo.Float(0, 1), "z": hpo.Float(0, 1)}
    tuner = hpo.Tuner(None, space, seed=0, minimize="loss")
    for trial in [tuner.ask() for _ in range(60)]:
        if trial.config["x"] < 0.5:
            tuner.tell(trial, trial.config["x"] + trial.config["y"])
    ax = contour(tuner.study, ["x", "y"]).axes[0]
    surface = colours(ax)
    assert surface.shape == (72, 72)
    assert surface[10, 10] < surface[40, 20] < surface[65, 30]
    assert np.isnan(surface[:, 70]).all()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_a_contour_over_listed_values_has_a_cell_for_each_pair() -> None:
    ax = contour(searched(40), ["model", "size"]).axes[0]
    assert colours(ax).shape == (3, 2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["16", "32", "64"]


def test_a_contour_takes_two_that_are_together_in_some_trial() -> None:
    space = {
        "model": hpo.Choice(["a", "b"]),
        "x": hpo.Float(0, 1).when("model", eq="a"),
        "y": hpo.Float(0, 1).when("model", eq="b"),
    }
    study = hpo.search(lambda c: c.get("x", 0) + c.get("y", 0), space, num_trials=30, seed=0)
    ax = contour(study).axes[0]
    assert "model" in (ax.get_xlabel(), ax.get_ylabel())
    with pytest.raises(ObjectiveError, match="No trial of 'study' with a value has both 'x' and 'y'"):
        contour(study, ["x", "y"])


def test_parallel_lines_run_below_the_axis_of_what_is_not_there() -> None:
    study = searched()
    ax = parallel(study, ["rate", "depth"]).axes[0]
    drawn = [each for each in ax.collections if isinstance(each, LineCollection)]
    ends = [line[-1][1] for each in drawn for line in each.get_segments()]
    assert len(ends) == len(study.trials)
    assert sum(end < 0 for end in ends) == sum("depth" not in trial.config for trial in study.trials)
    assert "not there" in [label.get_text() for label in ax.get_yticklabels()]
    assert ax.get_legend() is not None


def test_a_history_is_the_best_so_far() -> None:
    study = searched()
    [ax] = history(study).axes
    [line] = [line for line in ax.lines if line.get_label() == "best so far"]
    assert np.array_equal(heights(line), study.incumbents().values, equal_nan=True)
    assert any(str(each.get_label()).startswith("failed") for each in ax.collections)


@pytest.mark.parametrize("sign", [1, -1])
def test_bands_go_from_quartile_to_quartile_of_studies(sign: int) -> None:
    goal: dict[str, Any] = {"minimize": "loss"} if sign > 0 else {"maximize": "loss"}
    studies = []
    for start in range(5):
        tuner = hpo.Tuner(None, {"x": hpo.Float(0, 1)}, seed=start, **goal)
        for step in range(3):
            tuner.tell(tuner.ask(), sign * (10.0 - step + start))
        studies.append(tuner.study)
    [ax] = history({"ours": studies}).axes
    assert list(heights(ax.lines[0])) == [sign * value for value in (12.0, 11.0, 10.0)]
    area = np.asarray(ax.collections[0].get_paths()[0].vertices)[:, 1]
    assert sorted(set(np.abs(area))) == [9.0, 10.0, 11.0, 12.0, 13.0]


def test_a_study_that_failed_at_first_or_ended_sooner_is_in_the_band() -> None:
    def made(values: list[float | None]) -> hpo.Study:
        tuner = hpo.Tuner(None, {"x": hpo.Float(0, 1)}, seed=0, minimize="loss")
        for value in values:
            tuner.tell(tuner.ask(), value, failed=None if value is not None else "no")
        return tuner.study

    [ax] = history([made([None, 4.0, 3.0]), made([2.0]), made([None, None, 5.0])]).axes
    middle = heights(ax.lines[0])
    assert np.isnan(middle[0])
    assert list(middle[1:]) == [4.0, 3.0]


def test_a_distribution_ends_below_one_where_trials_failed() -> None:
    study = searched(40)
    [ax] = edf(study).axes
    shares = heights(ax.lines[0])
    assert shares[-1] == pytest.approx(study.num_completed / 40)
    assert (np.diff(shares) > 0).all()
    two = edf({"one": [study], "two": [searched(20, seed=1), searched(20, seed=2)]})
    assert len(two.axes[0].lines) == 2


@pytest.mark.parametrize("draw", [history, edf])
def test_studies_of_different_metrics_are_refused(draw: Callable[..., Figure]) -> None:
    with pytest.raises(ValueError, match="one metric; these have maximize loss, minimize loss"):
        draw([searched(9), searched(9, maximize="loss")])


@pytest.mark.parametrize("draw", [history, edf])
@pytest.mark.parametrize("nothing", [[], {}, {"ours": []}])
def test_no_studies_are_refused(draw: Callable[..., Figure], nothing: Any) -> None:
    with pytest.raises(ValueError, match="There is no study to draw; received"):
        draw(nothing)


@pytest.mark.parametrize("draw", [slices, contour, parallel])
def test_a_wrong_name_is_answered_with_those_that_are_there(draw: Callable[..., Figure]) -> None:
    with pytest.raises(ValueError, match=r"shows hyperparameters that vary: rate.*received 'rat'.*'rate'"):
        draw(searched(9), ["rat", "size"])


def test_a_contour_of_one_or_three_is_refused() -> None:
    study = searched(9)
    with pytest.raises(ValueError, match="needs at least 2 hyperparameters that vary; received rate"):
        contour(study, ["rate"])
    with pytest.raises(ValueError, match="has two axes: name two; received rate, size, model"):
        contour(study, ["rate", "size", "model"])
