"""The best value so far, of one study or with bands over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo.plots.canvas import (
    BLACK,
    BLUE,
    GREEN,
    VERMILION,
    headline,
    key,
    panels,
    plain_frame,
    size,
    stairs,
    whole_numbers,
)
from hpo.plots.marks import cross_out, early_looks, edges, points
from hpo.plots.reach import Span, axis_label, span_of, within
from hpo.plots.values import ended, tried, values_of
from hpo.plots.words import cut
from hpo.storage.events import EventKind
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.trial import Metric, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Studies: TypeAlias = Study | Sequence[Study] | Mapping[str, Study | Sequence[Study]]
"""One study; several of one kind, such as one for each seed; or several kinds by name."""

Floats = NDArray[np.float64]

_ENDS = (
    EventKind.TRIAL_COMPLETED,
    EventKind.TRIAL_STOPPED,
    EventKind.TRIAL_FAILED,
    EventKind.TRIAL_PAUSED,
)

COLOURS = (BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", BLACK)
"""Okabe and Ito's, one for each kind."""

STYLES = ("-", "--", "-.", ":")
"""One for each kind, so that kinds can be told apart without colours."""


def history(studies: Studies) -> Figure:
    """Draw the best value so far against the number of trials that ended.

    Of one study the trials are dots. Those that were stopped or wait are grey diamonds, at the last epoch
    that they reached; failed ones are crosses at the border of the bad values. The best so far is of trials
    that were trained in full. Of several studies the line is the median of their best values and the band
    goes from the first quartile to the third.

    Extreme values are drawn at the edge, and counted.

    Args:
        studies: one, several of one kind, or a dict of kinds.

    Raises:
        ObjectiveError: a study has not exactly one metric, or no trial of it completed.
        ValueError: there are none, or they are of different metrics.

    Example:
        >>> import hpo
        >>> from hpo.plots import history
        >>> space = {"x": hpo.Float(-1, 1)}
        >>> studies = [
        ...     hpo.search(lambda c: abs(c["x"]), space, num_trials=9, seed=seed) for seed in range(3)
        ... ]
        >>> [ax] = history(studies[0]).axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('trials in the order of their ends', 'value')
        >>> [ax] = history(studies).axes  # their median
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('trials that ended', 'best value so far')
    """
    figure, [ax] = panels(1)
    plain_frame(ax)
    if isinstance(studies, Study):
        _draw_one(ax, studies)
        headline(figure, studies.name, counted(len(studies.trials), "trial"))
    else:
        groups = grouped(studies)
        metric = one_metric(groups)
        for study in chain.from_iterable(groups.values()):
            ended(study)  # says what is missing
        drawn, span = draw_bands(ax, groups)
        sizes = sorted({len(group) for group in groups.values()})
        each = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
        ax.xaxis.set_major_locator(whole_numbers())
        ax.set_xlabel("trials that ended")
        ax.set_ylabel(span.label(f"best {cut(metric.name, 24)} so far", drawn))
        key(ax)
        headline(figure, "median and quartiles", f"{each} {'study' if sizes == [1] else 'studies'} each")
    return figure


def draw_bands(ax: Axes, groups: Mapping[str, Sequence[Study]]) -> tuple[Floats, Span]:
    """Draw the median best value so far of each kind of study, and a band from quartile to quartile.

    Returns:
        The medians of all of them, and what is shown of these.
    """
    bands = [band(group) for group in groups.values()]
    middles = np.concatenate([middle for _, middle, _ in bands])
    # Each value once: the best stays what it is for long, which makes the first ones no exceptions.
    span = span_of(np.unique(middles))
    for place, (label, found) in enumerate(zip(groups, bands, strict=True)):
        low, middle, high = map(span.drawn, found)
        count = np.arange(1, len(middle) + 1)
        colour = COLOURS[place % len(COLOURS)]
        style = STYLES[place // len(COLOURS) % len(STYLES)]
        stairs(ax, middle, color=colour, linestyle=style, label=named(label))
        ax.fill_between(count, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
    if span.is_log:
        ax.set_yscale("log")
    return middles, span


def named(label: str) -> str:
    """A user's name for a kind of study in a key, from which Matplotlib leaves out what begins with `_`."""
    return cut(f"'{label}'" if label.startswith("_") else label)


def grouped(
    studies: Sequence[Study] | Mapping[str, Study | Sequence[Study]],
) -> dict[str, list[Study]]:
    """Studies by kind.

    Raises:
        ValueError: there are none.
    """
    kinds: Mapping[str, Study | Sequence[Study]]
    kinds = studies if isinstance(studies, Mapping) else {"median": studies}
    groups = {label: [group] if isinstance(group, Study) else list(group) for label, group in kinds.items()}
    if not groups or not all(groups.values()):
        raise ValueError(f"There is no study to draw; received {studies!r}.")
    return groups


def one_metric(groups: Mapping[str, Sequence[Study]]) -> Metric:
    """What all the studies optimise.

    Raises:
        ValueError: they optimise different things.
        ObjectiveError: one has not exactly one metric.
    """
    metrics = {study.metric for group in groups.values() for study in group}
    if len(metrics) > 1:
        listed = ", ".join(sorted(f"{each.direction.value} {each.name}" for each in metrics))
        raise ValueError(f"Studies in one figure have one metric; these have {listed}.")
    return metrics.pop()


def band(studies: Sequence[Study]) -> tuple[Floats, Floats, Floats]:
    """The quartiles and the median of the best value so far, after 1, 2, ... trials that ended.

    A study that ended sooner keeps its last best value. NaN while too many have none.

    Returns:
        First quartile, median, third quartile, each of the shape (n,).
    """
    sign = studies[0].metric.sign
    lines = [sign * within(study.incumbents().values) for study in studies]
    longest = max(len(line) for line in lines)
    table = np.full((len(lines), longest), np.inf)
    for row, line in zip(table, lines, strict=True):
        # Before its first result a study is worse than all others.
        row[: len(line)] = np.where(np.isnan(line), np.inf, line)
        row[len(line) :] = row[len(line) - 1] if len(line) else np.inf
    ordered = np.sort(table, axis=0)
    found = [_quantile(ordered, share) for share in (0.25, 0.5, 0.75)]
    low, middle, high = (sign * np.where(np.isfinite(each), each, np.nan) for each in found)
    return (low, middle, high) if sign > 0 else (high, middle, low)


def _quantile(ordered: Floats, share: float) -> Floats:
    """A quantile of each column of sorted numbers, some of which may be infinite."""
    place = share * (len(ordered) - 1)
    below, above = ordered[int(np.floor(place))], ordered[int(np.ceil(place))]
    part = place - np.floor(place)
    # Infinite numbers have no difference.
    step = np.where(np.isfinite(above), above, 0.0) - np.where(np.isfinite(below), below, 0.0)
    between = np.where(np.isfinite(below), below, 0.0) + part * step
    return np.asarray(np.where(np.isinf(below) | (np.isinf(above) & (part > 0)), np.inf, between))


def _draw_one(ax: Axes, study: Study) -> None:
    found = tried(study)
    order = in_order(study)
    rank = {trial: place for place, trial in enumerate(order, start=1)}
    values = values_of(study, found.valued)
    span = span_of(values)
    marks: list[tuple[list[Trial], dict[str, Any]]] = [
        (found.early, early_looks(found.early)),
        (
            found.completed,
            {"s": size(26, len(found.completed)), "color": BLUE, "alpha": 0.6, "label": "trial", "zorder": 2},
        ),
    ]
    for trials, looks in marks:
        if trials:
            where = [rank[trial.id] for trial in trials]
            points(ax, where, values_of(study, trials), (Span(), span), linewidths=0, **looks)
    edges(ax, [rank[trial.id] for trial in found.valued], values, (Span(), span))
    best = span.drawn(_best_so_far(study, order))
    label = "best so far" + (", of those trained in full" if found.early else "")
    stairs(ax, best, color=VERMILION, linewidth=1.8, label=label, zorder=3)
    if span.is_log:
        ax.set_yscale("log")
    cross_out(ax, [rank[trial.id] for trial in found.failed], study.metric.direction)
    ax.xaxis.set_major_locator(whole_numbers())
    ax.set_xlabel("trials in the order of their ends" + (" and last pauses" if found.early else ""))
    ax.set_ylabel(axis_label(study.metric.name, span.drawn(values)))
    key(ax)


def in_order(study: Study) -> list[int]:
    """The trials in the order in which they last ended or were paused; without those under way."""
    history = study.history
    last: dict[int, int] = {}
    for number, event in enumerate(study.events):
        if event.kind in _ENDS and event.trial is not None and not history.came_late(number):
            # One that is stopped while it waits came no further than to its pause.
            waited = event.kind is EventKind.TRIAL_STOPPED and event.trial in last
            last[event.trial] = last[event.trial] if waited else number
        elif event.kind is EventKind.TRIAL_STARTED:
            last.pop(event.trial or 0, None)
    return sorted(last, key=last.__getitem__)


def _best_so_far(study: Study, order: Sequence[int]) -> Floats:
    """The best value of a completed trial after each of these; NaN before the first."""
    sign, values = study.metric.sign, study.history.values
    ordered = sign * within([values[trial] for trial in order])
    best = np.fmin.accumulate(ordered)
    return np.asarray(sign * best)
