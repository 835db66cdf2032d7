"""Learning curves, coloured by how far the trials got."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpo.plots.canvas import BLACK, headline, key, panels, plain_frame
from hpo.plots.lives import MARKERS, colours, dress_epochs, few_of, last_ones, levels_of, stretches
from hpo.plots.reach import Span, span_of, within
from hpo.study.numbers import counted
from hpo.study.runs import Run, rungs_of
from hpo.study.study import Study
from hpo.study.tables import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def curves(study: Study) -> Figure:
    """Draw what each trial reported after each epoch.

    The colour says up to which rung a trial was trained (or up to which epoch, where the scheduler has no
    rungs), the sign at the end of its curve what became of it there. The best trial is black. Extreme values
    are drawn at the edge, and counted.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial reported an epoch.

    Example:
        >>> import hpo
        >>> from hpo.plots import curves
        >>> def objective(config):
        ...     for epoch in range(1, 10):
        ...         yield config["x"] + 1 / epoch
        >>> space, asha = {"x": hpo.Float(0, 1)}, hpo.ASHA(min_epochs=1, max_epochs=9)
        >>> study = hpo.search(objective, space, scheduler=asha, num_trials=9, seed=0)
        >>> [ax] = curves(study).axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('epoch', 'value')
    """
    from matplotlib.lines import Line2D

    metric, found = study.metric, stretches(study)
    ends, levels = last_ones(found), levels_of(found)
    palette = colours(levels)
    figure, [ax] = panels(1)
    plain_frame(ax)
    best = study.best.id if study.num_completed else None
    lines = [_Curve.of(study, end) for end in sorted(ends.values(), key=lambda end: end.last) if end.last]
    everything = np.concatenate([line.values for line in lines])
    # Of each curve its ends: all begin with bad values, which are no exceptions.
    span = span_of([reduce(line.values) for line in lines for reduce in (np.fmin.reduce, np.fmax.reduce)])
    shades = [palette[min(int(np.searchsorted(levels, line.end.last)), len(palette) - 1)] for line in lines]
    _draw(ax, lines, shades, span, best)
    dress_epochs(ax, rungs_of(found), "epoch")
    if span.is_log:
        ax.set_yscale("log")
    ax.set_ylabel(span.label(metric.name, everything))
    handles = [
        Line2D([], [], color=palette[place], label=f"to epoch {levels[place]}") for place in few_of(levels)
    ]
    drawn = {line.end.ending for line in lines}
    handles += [
        Line2D([], [], color="grey", marker=sign, linestyle="", label=ending)
        for ending, sign in MARKERS.items()
        if ending in drawn
    ]
    if best is not None:
        value = shown(study.trials[best].value)
        handles.append(Line2D([], [], color=BLACK, linewidth=2, label=f"best: trial {best}, {value}"))
    key(ax, handles)
    epochs = sum(one.last - one.first for one in found)
    headline(figure, study.name, f"{counted(len(ends), 'trial')}, {counted(epochs, 'epoch')}")
    return figure


@dataclass(frozen=True)
class _Curve:
    """The reports of a trial.

    Attributes:
        end: its last run.
        epochs: shape (n,).
        values: of the metric, shape (n,).
    """

    end: Run
    epochs: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, study: Study, end: Run) -> _Curve:
        reports = study.trials[end.trial].reports
        values = [report.metrics.get(study.metric.name, math.nan) for report in reports]
        return cls(end, np.array([report.epoch for report in reports], dtype=np.float64), within(values))


def _draw(ax: Axes, lines: list[_Curve], shades: list[str], span: Span, best: int | None) -> None:
    """Draw all curves as one artist: thousands of them would be slow. Those that got further lie above."""
    from matplotlib.collections import LineCollection

    paths = [np.column_stack([line.epochs, span.drawn(line.values)]) for line in lines]
    ax.add_collection(LineCollection(paths, colors=shades, linewidths=0.9, alpha=0.9, zorder=2))
    ax.autoscale_view()
    finite = [path[np.isfinite(path[:, 1])] for path in paths]
    for ending, sign in MARKERS.items():
        chosen = [
            (*path[-1], shade)
            for path, shade, line in zip(finite, shades, lines, strict=True)
            if len(path) and line.end.ending == ending
        ]
        if chosen:
            across, up, colours = zip(*chosen, strict=True)
            ax.scatter(across, up, marker=sign, c=list(colours), s=25, zorder=3)
    for path, line in zip(paths, lines, strict=True):
        if line.end.trial == best:
            ax.plot(
                *path.T, color=BLACK, linewidth=2, marker=MARKERS[line.end.ending], markevery=[-1], zorder=4
            )
