"""Figures of values and hyperparameters of any size: each can be drawn, and says what is not in its place."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

import hpo
from hpo.plots import KINDS, history, parallel, plot, scatter
from hpo.plots.reach import FURTHEST, Span, axis_label, span_of, within

LARGEST = sys.float_info.max
SPACE = {"rate": hpo.Float(1e-4, 1, log=True), "y": hpo.Float(0, 1)}
VALUES = {
    "one of 1e300": [1.0, 2.0, 1e300, 0.5],
    "the largest among others": [1.0, LARGEST, 0.5, 1e300],
    "both ends": [1.0, -LARGEST, 3.0, LARGEST],
    "the largest alone": [LARGEST],
    "far below zero": [-LARGEST, -1e300, -1.0],
    "the smallest and the largest": [5e-324, 1.0, LARGEST],
    "close to zero": [5e-324, 1e-310, 0.0],
    "closer than figures tell apart": [1e300, math.nextafter(1e300, 2e300)],
}
SPACES = {
    "wide": {"x": hpo.Float(-LARGEST / 3, LARGEST / 3), "y": hpo.Float(0, 1e300)},
    "high": {"x": hpo.Float(1e300, LARGEST, log=True), "y": hpo.Float(1e-150, 1e150, log=True)},
    "narrow": {"x": hpo.Float(0, 1e-320), "y": hpo.Float(1, 1 + 1e-15)},
    "without bounds": {"x": stats.norm(0, 1e300), "y": stats.lognorm(100)},
}


def searched(values: list[float], space: dict[str, Any] = SPACE, **goal: Any) -> hpo.Study:
    found = itertools.cycle(values)

    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
        value = next(found)
        for epoch in trial.epochs(3):
            yield {"loss": value if epoch > 1 else -value / 2}

    return hpo.search(curve, space, num_trials=8, seed=0, **(goal or {"minimize": "loss"}))


def draw(figure: Figure) -> None:
    """All that a picture goes through, once: `savefig` would draw it twice."""
    figure.set_dpi(40)
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]  # Matplotlib has no types there


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "goal"),
    # What is good at one end only is drawn for both goals; the others are the same the other way round.
    [*((name, "minimize") for name in VALUES), ("both ends", "maximize"), ("one of 1e300", "maximize")],
)
def test_values_of_any_size_can_be_drawn(name: str, goal: str) -> None:
    goals: dict[str, Any] = {goal: "loss"}
    study = searched(VALUES[name], **goals)
    for kind in KINDS:
        draw(plot(study, kind))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_hyperparameters_of_any_size_can_be_drawn(space: dict[str, Any]) -> None:
    study = searched([1.0, 2.0, 0.5], space)
    for kind in ("scatter", "slice", "contour", "parallel"):
        draw(plot(study, kind))


def test_a_figure_says_where_it_draws_what_it_does_not_reach() -> None:
    study = searched([1.0, 1e300, 0.5, 0.7], {"rate": stats.norm(0, 1e200)})
    [ax] = scatter(study).axes
    assert "2 values above 1, drawn at the edge" in keyed(ax)
    assert ax.get_xlabel() == "rate (beyond 1e+150 at 1e+150)"
    assert "2 values above 1, drawn at the edge" in keyed(history(study).axes[0])
    alone = searched([LARGEST])
    assert history(alone).axes[0].get_ylabel() == "loss (beyond 1e+150 at 1e+150)"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_few_extreme_values_are_marked_at_the_edge_and_counted(sign: int) -> None:
    study = searched([0.3, 0.5, 0.4, 0.7, 0.9, 0.6, 0.45, sign * 1e9])
    [ax] = history(study).axes
    limit = "above 0.9" if sign > 0 else "below 0.3"
    assert f"1 value {limit}, drawn at the edge" in keyed(ax)
    low, high = ax.get_ylim()
    assert 0.2 < low < high < 1
    [mark] = [each for each in ax.collections if "at the edge" in str(each.get_label())]
    [[across, up]] = np.asarray(mark.get_offsets()).tolist()
    assert (across, up) == (8, float(sign > 0))


def test_what_differs_by_orders_of_magnitude_throughout_is_not_cut_off() -> None:
    assert span_of(np.logspace(-4, 4, 50)) == Span(is_log=True)
    assert span_of([*np.linspace(0, 1, 50), *np.linspace(90, 100, 50)]) == Span()
    assert span_of([1.0, 2.0, 1e9]) == Span(is_log=True)
    assert span_of([]) == Span()


def test_a_cut_off_end_of_a_log_axis_leaves_the_others_a_linear_one() -> None:
    span = span_of([0.1, 0.2, 0.3, 0.15, 0.4, 0.25, 1e9])
    assert (span.high, span.is_log) == (0.4, False)
    assert span.drawn([0.2, 1e9]).tolist() == [0.2, 0.4]
    assert span.label("loss", [0.2, 1e9, 1e8]) == "loss\n2 values above 0.4, drawn at the edge"


def test_an_extreme_hyperparameter_stands_at_the_edge_too() -> None:
    space = {"x": stats.norm(0, 1), "y": hpo.Float(0, 1)}
    tuner = hpo.Tuner(None, space, seed=0, minimize="loss")
    for number in range(12):
        config = {"x": 1e7 if number == 3 else number / 10, "y": 0.5}
        tuner.add(config, float(number))
    assert "1 value above 1.1, drawn at the edge" in keyed(scatter(tuner.study, "x").axes[0])


def keyed(ax: Axes) -> list[str]:
    """What the key explains."""
    found = ax.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def test_what_is_within_reach_stays_as_it_is() -> None:
    numbers = np.array([0.0, -0.0, 1.0, -3e100, 1e-100, math.inf, -math.inf])
    assert within(numbers).tolist() == numbers.tolist()
    assert np.isnan(within([math.nan])).all()
    assert axis_label("loss", numbers) == "loss"


def test_what_is_beyond_reach_stands_at_its_end_with_its_sign() -> None:
    assert within([LARGEST, -1e200, 5e-324, -1e-200]).tolist() == [
        FURTHEST,
        -FURTHEST,
        1 / FURTHEST,
        -1 / FURTHEST,
    ]
    assert axis_label("x", [1e-200, 1e200]) == "x (beyond 1e+150 at 1e+150, below 1e-150 at 1e-150)"


def test_a_line_of_parallel_coordinates_is_at_its_values() -> None:
    study = searched([1.0, 2.0, 0.5], {"x": hpo.Float(0, 1), "y": hpo.Float(0, 10)})
    [best] = [line for line in parallel(study).axes[0].lines if str(line.get_label()).startswith("best")]
    config = study.best.config
    assert np.asarray(best.get_ydata()) == pytest.approx([config["x"], config["y"] / 10])
