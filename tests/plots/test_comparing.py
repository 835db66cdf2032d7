"""`rank`, `regret`, `cost` and `workers`, by what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D

import hpo
from hpo.errors import ObjectiveError
from hpo.plots import cost, plot, rank, regret, workers
from hpo.plots._rank import ranked
from hpo.plots._regret import _at_random, _resampled
from hpo.plots.canvas import panels
from hpo.plots.marks import star
from hpo.plots.reach import Span
from hpo.plots.values import tried
from tests.plots.extents import headline
from tests.plots.studies import CONDITIONAL, TWELVE, TWO, fails, scheduled, searched, value


def told(values: list[float | None], **goal: Any) -> hpo.Study:
    tuner = hpo.Tuner(None, TWO, seed=0, **(goal or {"minimize": "loss"}))
    for each in values:
        tuner.tell(tuner.ask(), each, failed=None if each is not None else "no")
    return tuner.study


def line(ax: Any, label: str) -> Line2D:
    [found] = [each for each in ax.lines if str(each.get_label()).startswith(label)]
    assert isinstance(found, Line2D)
    return found


def test_ranks_are_those_of_the_study() -> None:
    study = told([3.0, 1.0, None, 1.0, 2.0])
    assert ranked(study, tried(study)) == {1: 1, 3: 1, 4: 3, 0: 4}
    rising = told([3.0, 1.0, 2.0], maximize="gain")
    assert ranked(rising, tried(rising)) == {0: 1, 2: 2, 1: 3}


def test_those_trained_in_full_rank_first_and_then_those_trained_longest() -> None:
    study = scheduled(hpo.ASHA(1, 27), 30)
    found = tried(study)
    ranks = ranked(study, found)
    order = sorted(found.early, key=lambda trial: ranks[trial.id])
    epochs = [trial.reports[-1].epoch for trial in order]
    assert epochs == sorted(epochs, reverse=True)
    assert max(ranks[trial.id] for trial in found.completed) < min(ranks[trial.id] for trial in found.early)
    assert ranks[study.best.id] == 1


def test_a_rank_figure_has_a_panel_for_each_pair() -> None:
    study = searched(fails, CONDITIONAL, 30)
    names = ["rate", "model", "size"]
    panels = [ax for ax in rank(study, names).axes if ax.get_label() != "<colorbar>"]
    assert len(panels) == 3
    assert len(rank(searched(value, TWELVE, 20)).axes) == 6 + 1  # pairs of the four most important, and a bar


def test_a_rank_figure_needs_two_hyperparameters() -> None:
    study = searched(fails, CONDITIONAL, 9)
    with pytest.raises(ValueError, match="at least 2 hyperparameters that vary; received rate"):
        rank(study, ["rate"])


@pytest.mark.parametrize(("goal", "side"), [("minimize", "above"), ("maximize", "below")])
def test_the_regret_is_the_distance_to_the_best_of_all(goal: str, side: str) -> None:
    sign = 1 if goal == "minimize" else -1
    study = told([sign * each for each in (5.0, 7.0, 3.0, 2.0, 4.0)], **{goal: "loss"})
    [ax] = regret(study).axes
    # Half of the smallest distance stands for 0.
    assert np.asarray(line(ax, "study").get_ydata()).tolist() == [3.0, 3.0, 1.0, 0.5, 0.5]
    assert ax.get_ylabel() == f"loss {side} the best known\nthe best itself is at the lower edge"
    assert ax.get_yscale() == "log"


def test_the_best_known_is_of_all_the_studies_in_the_figure() -> None:
    [ax] = regret({"one": told([5.0, 4.0]), "_two": told([3.0, 2.0])}).axes
    assert np.asarray(line(ax, "one").get_ydata()).tolist() == [3.0, 2.0]
    assert np.asarray(line(ax, "'_two'").get_ydata()).tolist() == [1.0, 0.5]


def test_random_search_is_the_median_of_trials_drawn_again_and_again() -> None:
    pool = np.arange(1.0, 21.0)
    drawn = np.random.default_rng(0).choice(pool, (4000, 30))
    found = _resampled(pool, 30)
    best = np.minimum.accumulate(drawn, axis=1)
    for row, share in zip(found, (0.25, 0.5, 0.75), strict=True):
        assert np.abs(row - np.quantile(best, share, axis=0)).max() <= 1
    assert (found[1, 0], found[1, -1]) == (10.0, 1.0)


def test_random_search_is_made_of_what_was_proposed_at_random() -> None:
    by_model = searched(value, TWO, 30, searcher="tpe")
    at_random = [trial for trial in by_model.trials if trial.info.get("by") in ("random", "initial design")]
    assert len(_at_random([by_model])) == len(at_random) < 30
    label = f"random search: {len(at_random)} trials, resampled"
    assert line(regret(by_model).axes[0], label)
    assert len(regret(told([1.0, 2.0])).axes[0].lines) == 1  # too few to say anything


def test_a_failed_random_trial_counts_as_the_worst() -> None:
    assert _at_random([told([1.0, None, 3.0])]).tolist() == [1.0, 3.0, 3.0]


def test_the_cost_is_the_seconds_of_each_trial_and_the_front_is_drawn() -> None:
    study = scheduled("fifo", 12)
    [ax] = cost(study).axes
    [points] = [each for each in ax.collections if each.get_label() == "trial"]
    expected = [[trial.seconds, trial.value] for trial in study.trials if trial.state.value == "completed"]
    assert np.asarray(points.get_offsets()).tolist() == expected
    total = sum(trial.seconds or 0.0 for trial in study.trials)
    assert headline(cost(study)) == f"study: 12 trials, {total:.4g} s of work"


def test_on_the_front_none_is_faster_and_better() -> None:
    study = searched(value, TWO, 40)
    found = [each for each in cost(study).axes[0].lines if each.get_label() == "none is faster and better"]
    for front in found:  # there is none if the fastest trial is the best one
        seconds, values = np.asarray(front.get_xdata()), np.asarray(front.get_ydata())
        assert (np.diff(seconds) >= 0).all()
        assert (np.diff(values) < 0).all()


def test_the_best_has_a_star_at_the_edge_where_it_took_much_longer() -> None:
    _, [ax] = panels(1)
    star(ax, 90.0, 0.5, (Span(high=10.0), Span()))
    assert np.asarray(ax.collections[0].get_offsets()).tolist() == [[10.0, 0.5]]


def test_workers_shows_the_share_that_is_busy() -> None:
    study = scheduled(hpo.ASHA(1, 27), 30, workers=3)
    figure = workers(study)
    above, below = figure.axes
    assert headline(figure).startswith("study: 3 workers for ")
    assert np.asarray(line(above, "busy").get_ydata()).max() == 1.0
    assert len(below.patches) == 3
    assert 0 < min(bar.get_width() for bar in below.patches) <= 1  # type: ignore[attr-defined]  # bars


def test_results_that_a_user_added_made_no_worker_busy() -> None:
    tuner = hpo.Tuner(None, TWO, minimize="loss")
    tuner.add({"rate": 0.1, "width": 32}, 1.0)
    with pytest.raises(ObjectiveError, match="no trial of the study 'study' ran, so no worker was busy"):
        plot(tuner.study, "workers")
