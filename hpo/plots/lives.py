"""The lives of trials, read from the log: when each ran, how far it came, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpo.errors import ObjectiveError
from hpo.plots.canvas import whole_numbers
from hpo.study.runs import INTERRUPTED, RUNNING, Run, rungs_of, runs
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LEVELS = 6
"""The number of epochs named in a legend."""

MARKERS = {
    "paused": "|",
    "stopped": "x",
    "completed": "o",
    "failed": "v",
    INTERRUPTED: "4",
    RUNNING: ">",
}
"""How the end of a curve is drawn."""


def stretches(study: Study) -> list[Run]:
    """All runs of all trials, in the order of their starts; without configs whose results a user added.

    Raises:
        ObjectiveError: no trial reported an epoch.
    """
    found = [run for run in runs(study.history) if run.is_proposed]
    if not any(one.last for one in found):
        raise ObjectiveError(
            f"No trial of the study {study.name!r} reported an epoch, and this figure is of epochs. Let the "
            f"objective yield its metrics once per epoch."
        )
    return found


def last_ones(found: Sequence[Run]) -> dict[int, Run]:
    """For each trial its last run."""
    return {one.trial: one for one in found}


def levels_of(found: Sequence[Run]) -> list[int]:
    """The epochs that tell trials apart, ascending: the rungs or, without any, where trials ended."""
    ended = {one.last for one in found if one.last and one.ending not in ("failed", INTERRUPTED, RUNNING)}
    return rungs_of(found) or sorted(ended or {one.last for one in found if one.last})


def colours(levels: Sequence[int]) -> list[str]:
    """A colour for each level, from light to dark as epochs grow, so that the few that got far stand out."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    # The palest end of the map does not show on white, and the best trial is black.
    scale = colormaps["viridis"]
    return [to_hex(scale(0.88 - 0.78 * place / max(1, len(levels) - 1))) for place in range(len(levels))]


def few_of(levels: Sequence[int]) -> list[int]:
    """The places of at most `MOST_LEVELS` levels, the first and the last among them."""
    if len(levels) <= MOST_LEVELS:
        return list(range(len(levels)))
    step = (len(levels) - 1) / (MOST_LEVELS - 1)
    return [round(number * step) for number in range(MOST_LEVELS)]


def dress_epochs(ax: Axes, rungs: Sequence[int], label: str) -> None:
    """A logarithmic axis of epochs with the rungs on it, where there are several far apart."""
    ax.set_xlabel(label)
    if 1 < len(rungs) <= MOST_LEVELS and rungs[-1] >= 4 * rungs[0]:
        ax.set_xscale("log")
        # Of rungs that are close together on this axis the upper one is named.
        named = [rung for rung, above in zip(rungs, [*rungs[1:], None]) if not above or above >= 1.3 * rung]  # noqa: B905  # one length
        ax.set_xticks(named, [str(rung) for rung in named])
        ax.minorticks_off()
    else:
        ax.xaxis.set_major_locator(whole_numbers())
