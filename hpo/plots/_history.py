"""The best value so far, of one study or with bands over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo.plots.canvas import BLACK, BLUE, GREEN, VERMILION, panels, plain_frame
from hpo.plots.reach import axis_label, within
from hpo.plots.values import cross_out, ended, needs_log, values_of
from hpo.storage.events import EventKind
from hpo.study.study import Study
from hpo.study.trial import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Studies: TypeAlias = Study | Sequence[Study] | Mapping[str, Study | Sequence[Study]]
"""One study; several of one kind, such as one for each seed; or several kinds by name."""

Floats = NDArray[np.float64]

_ENDS = (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_FAILED)

COLOURS = (BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", BLACK)
"""Okabe and Ito's, one for each kind."""

STYLES = ("-", "--", "-.", ":")
"""One for each kind, so that kinds can be told apart without colours."""


def history(studies: Studies) -> Figure:
    """Draw the best value so far against the number of trials that ended.

    Of one study the trials are dots, failed ones crosses at the border of the bad values. Of several the line
    is the median of their best values and the band goes from the first quartile to the third.

    Args:
        studies: one, several of one kind, or a dict of kinds.

    Raises:
        ObjectiveError: a study has not exactly one metric, or no trial of it completed.
        ValueError: there are none, or they are of different metrics.
    """
    figure, [ax] = panels(1)
    plain_frame(ax)
    if isinstance(studies, Study):
        _draw_one(ax, studies)
        metric, title = studies.metric, f"{studies.name}: {len(studies.trials)} trials"
        name, shown = metric.name, [studies]
    else:
        groups = grouped(studies)
        metric = one_metric(groups)
        draw_bands(ax, groups)
        sizes = sorted({len(group) for group in groups.values()})
        each = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
        title = f"median and quartiles of {each} {'study' if sizes == [1] else 'studies'}"
        name, shown = f"best {metric.name} so far", list(chain.from_iterable(groups.values()))
    ax.set_xlabel("trials that ended")
    values = np.concatenate([values_of(study, ended(study)[0]) for study in shown])
    ax.set_ylabel(axis_label(name, values))
    ax.legend(fontsize="small", framealpha=0.9)
    ax.set_title(title, fontsize="medium")
    return figure


def draw_bands(ax: Axes, groups: Mapping[str, Sequence[Study]]) -> None:
    """Draw the median best value so far of each kind of study, and a band from quartile to quartile."""
    middles = []
    for place, (label, group) in enumerate(groups.items()):
        low, middle, high = band(group)
        count = np.arange(1, len(middle) + 1)
        colour = COLOURS[place % len(COLOURS)]
        style = STYLES[place // len(COLOURS) % len(STYLES)]
        ax.plot(count, middle, drawstyle="steps-post", color=colour, linestyle=style, label=label)
        ax.fill_between(count, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
        middles.append(middle)
    if needs_log(np.concatenate(middles)):
        ax.set_yscale("log")


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
    ended(study)  # says what is missing
    found = study.incumbents()
    order = [event.trial for event in study.events if event.kind in _ENDS]
    rank = {number: place + 1 for place, number in enumerate(order)}
    completed, failed = ended(study)
    values = values_of(study, completed)
    ax.scatter(
        [rank[trial.id] for trial in completed],
        values,
        s=26,
        color=BLUE,
        alpha=0.6,
        linewidths=0,
        label="trial",
        zorder=2,
    )
    ax.plot(
        found.num_trials,
        within(found.values),
        drawstyle="steps-post",
        color=VERMILION,
        linewidth=1.8,
        label="best so far",
        zorder=3,
    )
    if needs_log(values):
        ax.set_yscale("log")
    cross_out(ax, [rank[trial.id] for trial in failed], study.metric.direction)
