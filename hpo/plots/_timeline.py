"""When each trial ran, with as many rows as trials ran at once."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpo.plots.canvas import VERMILION, panels, plain_frame
from hpo.plots.lives import Stretch, colours, few_of, levels_of, stretches
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW_ROWS = 20
"""Up to so many rows are numbered on the axis."""


def timeline(study: Study) -> Figure:
    """Draw when each trial ran, coloured by the rung up to which it was trained then.

    A run is drawn in the first row that was free. Rows stand for workers or, where a worker trains several
    trials together, for the members of its cohort. Failed runs have a red end.

    Raises:
        ObjectiveError: no trial reported an epoch.
    """
    from matplotlib.patches import Patch

    found = stretches(study)
    levels, rows = levels_of(found), lanes(found)
    palette = colours(levels)
    figure, [ax] = panels(1)
    plain_frame(ax)
    ax.grid(visible=False, axis="y")
    shades = [min(int(np.searchsorted(levels, one.last)), len(levels) - 1) for one in found]
    ax.barh(
        rows,
        [one.end - one.begin for one in found],
        left=[one.begin for one in found],
        height=0.85,
        color=[palette[shade] for shade in shades],
        edgecolor="white",
        linewidth=0.4,
    )
    failed = [(one.end, row) for one, row in zip(found, rows, strict=True) if one.ending == "failed"]
    if failed:
        ends, lines = zip(*failed, strict=True)
        ax.scatter(ends, lines, marker="|", s=60, color=VERMILION, zorder=3, label="failed")
    count = max(rows) + 1
    if count <= FEW_ROWS:
        ax.set_yticks(range(count), [str(number) for number in range(count)])
    ax.set_ylim(count - 0.5, -0.5)
    ax.set_ylabel("runs at once")
    ax.set_xlabel("seconds")
    handles = [Patch(color=palette[place], label=f"to epoch {levels[place]}") for place in few_of(levels)]
    ax.legend(handles=handles, fontsize="small", framealpha=0.9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    span = max(one.end for one in found) - min(one.begin for one in found)
    mean = sum(one.end - one.begin for one in found) / (span or 1.0)
    title = f"{study.name}: {len(found)} runs, at most {count} at once, {mean:.1f} on average"
    ax.set_title(title, fontsize="medium")
    return figure


def lanes(found: Sequence[Stretch]) -> list[int]:
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
