"""Learning curves, coloured by how far the trials got."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hpo.plots.canvas import BLACK, panels, plain_frame
from hpo.plots.lives import MARKERS, colours, dress_epochs, few_of, last_ones, levels_of, stretches
from hpo.plots.reach import axis_label, within
from hpo.plots.values import needs_log
from hpo.study.study import Study
from hpo.study.tables import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(study: Study) -> Figure:
    """Draw what each trial reported after each epoch.

    The colour says up to which rung a trial was trained, the sign at the end of its curve what was decided
    there. The best trial is black.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial reported an epoch.
    """
    from matplotlib.lines import Line2D

    metric, found = study.metric, stretches(study)
    ends, levels = last_ones(found), levels_of(found)
    palette = colours(levels)
    figure, [ax] = panels(1)
    plain_frame(ax)
    best = _best(study)
    drawn: set[str] = set()
    everything: list[float] = []
    # Those that got further lie above the others.
    for trial, end in sorted(ends.items(), key=lambda item: item[1].last):
        reports = study.trials[trial].reports
        epochs = [report.epoch for report in reports]
        values = within([report.metrics.get(metric.name, math.nan) for report in reports])
        if not reports:
            continue
        everything += values.tolist()
        place = int(np.searchsorted(levels, end.last))
        is_best = trial == best
        colour = BLACK if is_best else palette[min(place, len(palette) - 1)]
        ax.plot(
            epochs,
            values,
            color=colour,
            linewidth=2 if is_best else 0.9,
            alpha=0.9,
            zorder=3 if is_best else 2,
        )
        finite = [pair for pair in zip(epochs, values, strict=True) if math.isfinite(pair[1])]
        if finite:
            ax.plot(*finite[-1], marker=MARKERS[end.ending], color=colour, markersize=5, zorder=4)
            drawn.add(end.ending)
    dress_epochs(ax, levels, "epoch")
    if needs_log(np.array(everything)):
        ax.set_yscale("log")
    ax.set_ylabel(axis_label(metric.name, everything))
    handles = [
        Line2D([], [], color=palette[place], label=f"to epoch {levels[place]}") for place in few_of(levels)
    ]
    handles += [
        Line2D([], [], color="grey", marker=sign, linestyle="", label=ending)
        for ending, sign in MARKERS.items()
        if ending in drawn
    ]
    if best is not None:
        value = shown(study.trials[best].value)
        handles.append(Line2D([], [], color=BLACK, linewidth=2, label=f"best: trial {best}, {value}"))
    ax.legend(handles=handles, fontsize="small", framealpha=0.9)
    ax.set_title(
        f"{study.name}: {len(ends)} trials, {sum(one.last - one.first for one in found)} epochs",
        fontsize="medium",
    )
    return figure


def _best(study: Study) -> int | None:
    return study.best.id if study.num_completed else None
