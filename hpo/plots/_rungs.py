"""How many trials came to each rung, and what became of them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpo.plots.canvas import BLUE, GREEN, VERMILION, panels, plain_frame
from hpo.plots.lives import last_ones, levels_of, stretches
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 30
_FATES = {
    "went on": "#56B4E9",
    "completed": GREEN,
    "stopped": VERMILION,
    "paused": "#E69F00",
    "failed": "#000000",
    "running": BLUE,
}


def rungs(study: Study) -> Figure:
    """Draw a bar for each rung, as high as the number of trials that came to it, by what became of them.

    Without a scheduler that pauses or stops trials there is one rung, at their end.

    Raises:
        ObjectiveError: no trial reported an epoch.
    """
    found = stretches(study)
    ends, levels = last_ones(found), levels_of(found)
    if len(levels) > MOST_BARS:  # a rule that stops anywhere: every so many epochs
        step = -(-levels[-1] // MOST_BARS)
        levels = [*range(step, levels[-1], step), levels[-1]]
    figure, [ax] = panels(1)
    plain_frame(ax)
    heights = [0] * len(levels)
    for fate, colour in _FATES.items():
        counts = [0] * len(levels)
        for end in ends.values():
            for number, level in enumerate(levels):
                next_one = levels[number + 1] if number + 1 < len(levels) else None
                if end.last >= level and fate == _fate(end.last, end.ending, next_one):
                    counts[number] += 1
        if any(counts):
            ax.bar(range(len(levels)), counts, bottom=heights, color=colour, label=fate, width=0.75)
        heights = [low + count for low, count in zip(heights, counts, strict=True)]
    for number, height in enumerate(heights):
        if len(levels) <= 10:
            ax.annotate(str(height), (number, height), ha="center", va="bottom", fontsize="small")
    ax.set_xticks(range(len(levels)), [str(level) for level in levels])
    if len(levels) > 10:
        ax.tick_params(axis="x", rotation=90)
    ax.set_xlabel("rung (epoch)")
    ax.set_ylabel("trials")
    ax.margins(y=0.1)
    ax.legend(fontsize="small", framealpha=0.9)
    ax.set_title(f"{study.name}: trials that came to each rung", fontsize="medium")
    return figure


def _fate(last: int, ending: str, next_level: int | None) -> str:
    """What became of a trial at a rung that it came to."""
    return "went on" if next_level is not None and last >= next_level else ending
