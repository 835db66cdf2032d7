"""Nothing in a figure lies over anything else, whatever the study is like: each of a grid for all kinds."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest

import hpo
from hpo.errors import ObjectiveError
from hpo.plots import KINDS, plot
from hpo.plots._history import named
from hpo.plots.canvas import headline, key, panels, plain_frame
from hpo.plots.decades import log_across
from tests.plots.extents import misplaced, written
from tests.plots.studies import LONG, STUDIES, TWELVE, TWO, curve, searched, value


@pytest.mark.parametrize("make", STUDIES.values(), ids=STUDIES)
def test_texts_ticks_and_keys_keep_apart(make: Callable[[], hpo.Study]) -> None:
    study, drawn = make(), 0
    for kind in KINDS:
        with suppress(ObjectiveError, ValueError):  # it has no epochs, or too few hyperparameters or trials
            figure = plot(study, kind)
            drawn += 1
            assert (kind, misplaced(figure)) == (kind, [])
    assert drawn >= len(KINDS) / 2


def test_what_lies_over_something_else_would_be_found() -> None:
    figure, [ax] = panels(1)
    ax.text(0.5, 0.5, "one")
    ax.text(0.51, 0.5, "other")
    figure.text(0.9, 0.1, "beyond the right edge of the figure")
    assert misplaced(figure) == [
        "'one' lies over 'other'",
        "'beyond the right edge of the figure' is not inside",
    ]


@pytest.mark.parametrize("num_trials", [1, 20])
def test_what_is_counted_has_whole_ticks_and_the_number_of_its_noun(num_trials: int) -> None:
    study = searched(curve, TWO, num_trials)
    counted = 0
    for kind in KINDS:
        with suppress(ObjectiveError):  # too few trials to tell what mattered
            figure = plot(study, kind)
            assert not re.search(r"\b1 (trials|runs|epochs|workers)\b", figure.texts[0].get_text())
            figure.draw_without_rendering()
            for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
                if re.match("trial|rank|epoch|rung", axis.get_label().get_text()):
                    counted += 1
                    ticks = [text.get_text() for text in axis.get_ticklabels()]
                    assert (kind, [tick for tick in ticks if "." in tick]) == (kind, [])
    assert counted >= 6


def test_the_best_so_far_of_one_trial_can_be_seen() -> None:
    study = searched(curve, TWO, 1)
    for kind in ("history", "regret"):
        [line] = plot(study, kind).axes[0].lines
        assert (kind, line.get_marker()) == (kind, "_")


def test_a_logarithmic_range_has_round_ticks() -> None:
    [ax, *_] = plot(searched(value, TWO, 20), "contour").axes
    labels = {ax.get_xlabel(): ax.get_xticklabels(), ax.get_ylabel(): ax.get_yticklabels()}
    assert [text.get_text() for text in labels["width"]] == ["20", "50", "100", "200", "500"]
    assert [text.get_text() for text in labels["rate"]] == ["0.0001", "0.001", "0.01", "0.1", "1"]


@pytest.mark.parametrize("letter", ["i", "n", "W", "$", "_"])
def test_a_long_name_of_any_letters_fits(letter: str) -> None:
    figure, [ax] = panels(1)
    headline(figure, letter * 200, "40 trials")
    ax.set_xlabel("x")
    ax.plot([1, 2], label=f"best: {letter * 100}")
    ax.plot([2, 1], label=named(letter * 100))
    key(ax)
    assert misplaced(figure) == []


def test_long_names_that_begin_alike_stay_apart() -> None:
    study = searched(value, TWELVE, 20)
    labels = {
        "importance": [text.get_text() for text in plot(study, "importance").axes[0].get_yticklabels()],
        "parallel": [text.get_text() for text in plot(study, "parallel").axes[0].get_xticklabels()],
        "scatter": [ax.get_xlabel() for ax in plot(study, "scatter").axes],
    }
    assert {kind: len(set(names)) for kind, names in labels.items()} == dict.fromkeys(labels, 12)


def test_a_name_with_dollars_is_no_formula() -> None:
    space: dict[str, object] = {"$x^2$": hpo.Float(0, 1), f"a\n{LONG}": hpo.Float(0, 1)}
    study = hpo.search(lambda config: config["$x^2$"], space, num_trials=9, seed=0, name="$\\frac{1}$")
    for kind in ("scatter", "parallel", "importance"):
        figure = plot(study, kind)
        assert misplaced(figure) == []
        assert r"\$x^2\$" in " ".join(said for said, _ in written(figure))


@pytest.mark.parametrize("low", [1e-12, 2.3e-4, 0.07, 1.0, 9.4, 6e7])
@pytest.mark.parametrize("ratio", [1.02, 3.0, 31.0, 55.0, 180.0, 1900.0, 1e4, 1e12])
@pytest.mark.parametrize("count", [1, 12])
def test_labels_of_a_logarithmic_axis_keep_apart(low: float, ratio: float, count: int) -> None:
    figure, [ax, *others] = panels(count)
    for each in (ax, *others):
        each.plot([low, low * ratio], [1, 2])
        log_across(each, low, low * ratio)
    assert misplaced(figure) == []
    left, right = ax.get_xlim()
    named = [text for text in ax.get_xticklabels() if left <= text.get_position()[0] <= right]
    assert len(named) >= 2


@pytest.mark.parametrize("low", [-3e4, 0.0, 1.6e-3, 12345.678, 1e9])
@pytest.mark.parametrize("width", [1.7e-4, 0.3, 7.0, 2.5e5])
@pytest.mark.parametrize("count", [1, 12])
def test_labels_of_numbers_with_many_digits_keep_apart(low: float, width: float, count: int) -> None:
    figure, axes = panels(count)
    for ax in axes:
        plain_frame(ax)
        ax.plot([low, low + width], [1, 2])
    assert misplaced(figure) == []
    left, right = axes[0].get_xlim()
    assert sum(left <= text.get_position()[0] <= right for text in axes[0].get_xticklabels()) >= 2
