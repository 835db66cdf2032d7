"""How many trials came to each rung, and what became of them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpo.plots.canvas import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    headline,
    key,
    panels,
    plain_frame,
    whole_numbers,
)
from hpo.plots.lives import last_ones, levels_of, stretches
from hpo.plots.positions import list_values
from hpo.study.runs import INTERRUPTED, RUNNING, rungs_of
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 30
_FATES = {
    "went on": "#56B4E9",
    "completed": GREEN,
    "stopped": VERMILION,
    "paused": ORANGE,
    "failed": BLACK,
    INTERRUPTED: GREY,
    RUNNING: BLUE,
}


def rungs(study: Study) -> Figure:
    """Draw a bar for each rung, as high as the number of trials that came to it, by what became of them.

    A trial that ended between two rungs is told at the lower one. Where the scheduler has no rungs, the bars
    are of epochs: one where all trials were trained alike, and else of every so many epochs.

    Raises:
        ObjectiveError: no trial reported an epoch.

    Example:
        >>> import hpo
        >>> from hpo.plots import rungs
        >>> def objective(config):
        ...     for epoch in range(1, 10):
        ...         yield config["x"] + 1 / epoch
        >>> space, asha = {"x": hpo.Float(0, 1)}, hpo.ASHA(min_epochs=1, max_epochs=9)
        >>> study = hpo.search(objective, space, scheduler=asha, num_trials=9, seed=0)
        >>> [ax] = rungs(study).axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('rung (epoch)', 'trials')
    """
    found = stretches(study)
    ends, levels = last_ones(found), rungs_of(found)
    said = "rung (epoch)" if levels else "epoch"
    levels = levels or _spaced(levels_of(found))
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
    list_values(ax, range(len(levels)), [str(level) for level in levels])
    ax.set_xlabel(said)
    ax.set_ylabel("trials")
    ax.set_ylim(0, 1.1 * max(heights))
    ax.yaxis.set_major_locator(whole_numbers())
    key(ax)
    headline(figure, study.name, f"trials that came to each {said.partition(' ')[0]}")
    return figure


def _spaced(ends: list[int]) -> list[int]:
    """Epochs at equal distances up to the last one."""
    if len(ends) == 1:
        return ends
    step = -(-ends[-1] // MOST_BARS)
    return [*range(step, ends[-1], step), ends[-1]]


def _fate(last: int, ending: str, next_level: int | None) -> str:
    """What became of a trial at a rung that it came to."""
    return "went on" if next_level is not None and last >= next_level else ending
