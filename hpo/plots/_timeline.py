"""When each trial ran, with as many rows as trials ran at once."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hpo.plots.canvas import VERMILION, headline, key, panels, plain_frame
from hpo.plots.lives import colours, few_of, levels_of, stretches
from hpo.study.numbers import counted
from hpo.study.runs import INTERRUPTED, Run
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW_ROWS = 20
"""Up to so many rows are numbered on the axis."""

_HALF = 0.43
"""Half of the height of a bar."""

_HATCH = "////"
"""Marks what was interrupted."""


def timeline(study: Study) -> Figure:
    """Draw when each trial ran, coloured by the rung up to which it was trained then.

    A run is drawn in the first row that was free. Rows stand for workers or, where a worker trains several
    trials together, for the members of its cohort. Failed runs have a red end. Those whose process was gone
    are hatched, and end with the last sign of it in the log; others may have gone on with their trials.

    Raises:
        ObjectiveError: no trial reported an epoch.

    Example:
        >>> import hpo
        >>> from hpo.plots import timeline
        >>> def objective(config):
        ...     for epoch in range(1, 10):
        ...         yield config["x"] + 1 / epoch
        >>> space, asha = {"x": hpo.Float(0, 1)}, hpo.ASHA(min_epochs=1, max_epochs=9)
        >>> study = hpo.search(objective, space, scheduler=asha, num_trials=9, seed=0)
        >>> [ax] = timeline(study).axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('seconds of work on the study', 'runs at once')
    """
    from matplotlib.patches import Patch

    found = stretches(study)
    levels, rows = levels_of(found), lanes(found)
    palette = colours(levels)
    figure, [ax] = panels(1)
    plain_frame(ax)
    ax.grid(visible=False, axis="y")
    shades = [palette[min(int(np.searchsorted(levels, one.last)), len(levels) - 1)] for one in found]
    _bars(ax, found, rows, shades)
    count = max(rows) + 1
    if count <= FEW_ROWS:
        ax.set_yticks(range(count), [str(number) for number in range(count)])
    ax.set_ylim(count - 0.5, -0.5)
    ax.set_ylabel("runs at once")
    ax.set_xlabel("seconds of work on the study")
    handles: list[Any] = [
        Patch(color=palette[place], label=f"to epoch {levels[place]}") for place in few_of(levels)
    ]
    cut_off = sum(one.ending == INTERRUPTED for one in found)
    if cut_off:
        handles.append(Patch(fill=False, hatch=_HATCH, label=f"interrupted ({cut_off})"))
    failed = [(one.end, row) for one, row in zip(found, rows, strict=True) if one.ending == "failed"]
    if failed:
        looks: dict[str, Any] = {"marker": "|", "s": 60, "color": VERMILION, "zorder": 3}
        handles.append(ax.scatter(*zip(*failed, strict=True), label=f"failed ({len(failed)})", **looks))
    key(ax, handles)
    span = max(one.end for one in found) - min(one.begin for one in found)
    mean = sum(one.seconds for one in found) / (span or 1.0)
    said = f"{counted(len(found), 'run')}, at most {count} at once, {mean:.1f} on average"
    headline(figure, study.name, said)
    return figure


def _bars(ax: Axes, found: Sequence[Run], rows: Sequence[int], shades: Sequence[str]) -> None:
    """Draw the bars of all runs as two artists: thousands of them would be slow."""
    from matplotlib.collections import PolyCollection

    for is_cut_off in (False, True):
        chosen = [place for place, one in enumerate(found) if (one.ending == INTERRUPTED) == is_cut_off]
        corners = [_corners(found[place], rows[place]) for place in chosen]
        ax.add_collection(
            PolyCollection(
                corners,
                facecolors=[shades[place] for place in chosen],
                edgecolors="white",
                linewidths=0.4,
                hatch=_HATCH if is_cut_off else None,
                alpha=0.5 if is_cut_off else None,
            )
        )
    ax.autoscale_view()


def _corners(one: Run, row: int) -> list[tuple[float, float]]:
    low, high = row - _HALF, row + _HALF
    return [(one.begin, low), (one.end, low), (one.end, high), (one.begin, high)]


def lanes(found: Sequence[Run]) -> list[int]:
    """The row of each run, so that none overlap: the first one that is free when it starts."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    rows, count = [], 0
    for one in found:
        while busy and busy[0][0] <= one.begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if not free:
            heapq.heappush(free, count)
            count += 1
        row = heapq.heappop(free)
        rows.append(row)
        heapq.heappush(busy, (one.end, row))
    return rows
