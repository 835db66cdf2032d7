"""How far the best value so far is from the best known, beside random search."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from hpo.plots._history import COLOURS, STYLES, Floats, Studies, band, grouped, named, one_metric
from hpo.plots.canvas import EARLY_GREY, GREY, headline, key, panels, plain_frame, stairs, whole_numbers
from hpo.plots.reach import span_of, within
from hpo.plots.values import ended
from hpo.plots.words import cut
from hpo.study.study import Study
from hpo.study.trial import Trial, TrialState
from hpo.surrogates.observations import INITIAL_DESIGN, RANDOM

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEWEST = 5
"""Of fewer trials proposed at random there is nothing to say of random search."""

_QUARTILES = (0.25, 0.5, 0.75)


def regret(studies: Studies) -> Figure:
    """Draw how far the best value so far is from the best known, on a logarithmic scale.

    The best known is the best that any of the studies in the figure reached. Of several studies of a kind the
    line is the median and the band goes from the first quartile to the third, as in `history`.

    Beside them, in grey, stands random search where the studies have at least five trials that were proposed
    at random: those of `RandomSearch`, and those whose `info["by"]` is `random` or `initial design`. It is
    the median of the best of n such trials, drawn from them again and again, so it says what n random trials
    of this problem are worth; it ends no lower than the best that was seen. A trial that failed or was
    stopped counts as the worst of them.

    Args:
        studies: one, several of one kind, or a dict of kinds.

    Raises:
        ObjectiveError: a study has not exactly one metric, or no trial of it completed.
        ValueError: there are none, or they are of different metrics.

    Example:
        >>> import hpo
        >>> from hpo.plots import regret
        >>> study = hpo.search(lambda config: config["x"] ** 2, {"x": hpo.Float(-1, 1)}, num_trials=9, seed=0)
        >>> [ax] = regret(study).axes
        >>> ax.get_xlabel()
        'trials that ended'
    """
    groups = {studies.name: [studies]} if isinstance(studies, Study) else grouped(studies)
    metric = one_metric(groups)
    for study in chain.from_iterable(groups.values()):
        ended(study)  # says what is missing
    best = min(metric.sign * study.best.value for study in chain.from_iterable(groups.values()))  # type: ignore[operator]  # a completed trial of one metric has a value
    lines = {
        label: _above(metric.sign * np.array(band(group)), float(best)) for label, group in groups.items()
    }
    longest = max(line.shape[1] for line in lines.values())
    pool = _at_random(chain.from_iterable(groups.values()))
    if len(pool) >= _FEWEST:
        lines[f"random search: {len(pool)} trials, resampled"] = _above(
            _resampled(pool, longest), float(best)
        )
    figure, [ax] = panels(1)
    plain_frame(ax)
    everything = np.concatenate([line.ravel() for line in lines.values()])
    positive = np.unique(everything[everything > 0])
    # Half of the smallest one stands for 0, which a logarithmic axis does not have.
    floor = float(positive[0]) / 2 if len(positive) else 0.0
    span = span_of(positive, is_log=True)
    for place, (label, line) in enumerate(lines.items()):
        low, middle, high = (
            np.where(row > 0, span.drawn(row), np.where(row == 0, floor, row)) for row in line
        )
        is_random = place == len(groups)
        colour = GREY if is_random else COLOURS[place % len(COLOURS)]
        style = ":" if is_random else STYLES[place // len(COLOURS) % len(STYLES)]
        count = np.arange(1, line.shape[1] + 1)
        text = label if is_random else named(label)
        stairs(ax, middle, color=colour, linestyle=style, label=text)
        shade = EARLY_GREY if is_random else colour
        ax.fill_between(count, low, high, step="post", color=shade, alpha=0.18, linewidth=0)
    if len(positive):
        ax.set_yscale("log")
        ax.set_ylim(bottom=floor)
    ax.xaxis.set_major_locator(whole_numbers())
    ax.set_xlabel("trials that ended")
    side = "above" if metric.sign > 0 else "below"
    said = span.label(f"{cut(metric.name, 14)} {side} the best known", positive)
    ax.set_ylabel(said + ("\nthe best itself is at the lower edge" if len(positive) else ""))
    key(ax)
    headline(figure, "regret", f"the best known is {metric.sign * best:.4g}")
    return figure


def _above(values: Floats, best: float) -> Floats:
    """How much larger values to minimise are than the best; NaN where there is none."""
    return within(np.sort(values, axis=0) - float(within(best)))


def _at_random(studies: Iterable[Study]) -> Floats:
    """The results of all trials that were proposed at random, to minimise, ascending."""
    values: list[float] = []
    missing = 0
    for study in studies:
        is_random = study.history.created.get("searcher", "RandomSearch") == "RandomSearch"
        for trial in study.trials:
            if _was_random(trial, all_are=is_random):
                completed = trial.state is TrialState.COMPLETED
                missing += not completed
                values += [study.metric.sign * (trial.value or 0.0)] if completed else []
    worst = [max(values)] * missing if values else []
    return np.sort(within(values + worst))


def _was_random(trial: Trial, *, all_are: bool) -> bool:
    """Whether chance proposed a trial that has ended."""
    if trial.proposal is None or trial.state in (TrialState.RUNNING, TrialState.PAUSED):
        return False
    by = trial.info.get("by")
    return by in (RANDOM, INITIAL_DESIGN) or (by is None and all_are)


def _resampled(pool: Floats, longest: int) -> Floats:
    """Quartiles of the best of n values that are drawn from these with replacement, n = 1, 2, ...

    The best of n draws is among the i smallest of m values with the probability 1 - (1 - i / m) ** n.

    Returns:
        First quartile, median and third quartile, shape (3, longest).
    """
    count = np.arange(1, longest + 1)
    shares = [1 - (1 - quartile) ** (1 / count) for quartile in _QUARTILES]
    places = np.ceil(np.array(shares) * len(pool) - 1e-9).astype(int) - 1
    return np.asarray(pool[np.maximum(places, 0)])
