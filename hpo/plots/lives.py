"""The lives of trials, read from the log: when each ran, how far it came, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpo.errors import ObjectiveError
from hpo.storage.events import Event, EventKind
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LEVELS = 6
"""The number of epochs named in a legend."""

RUNNING = "running"
ENDINGS = {
    EventKind.TRIAL_PAUSED: "paused",
    EventKind.TRIAL_STOPPED: "stopped",
    EventKind.TRIAL_COMPLETED: "completed",
    EventKind.TRIAL_FAILED: "failed",
}
MARKERS = {"paused": "|", "stopped": "x", "completed": "o", "failed": "v", RUNNING: ">"}
"""How the end of a curve is drawn."""


@dataclass
class Stretch:
    """One run of a trial: from its start to its pause or end.

    Attributes:
        trial: its id.
        begin: when it started, in seconds of work on the study.
        end: when it ended; the last event of the log if it did not.
        first: the epoch before it; 0 for the first.
        last: the last epoch that was reported.
        ending: what became of it.
    """

    trial: int
    begin: float
    end: float
    first: int = 0
    last: int = 0
    ending: str = RUNNING


def stretches(study: Study) -> list[Stretch]:
    """All runs of all trials, in the order of their starts; without configs whose results a user added.

    Raises:
        ObjectiveError: no trial reported an epoch.
    """
    events = study.events
    found: list[Stretch] = []
    current: dict[int, Stretch] = {}
    for event in events:
        if event.trial is None:
            continue
        if event.kind is EventKind.TRIAL_STARTED:
            if event.attempt or "proposal" in event.data:
                before = current.get(event.trial)
                epoch = 0 if before is None else before.last
                mine = Stretch(event.trial, event.elapsed, events[-1].elapsed, epoch, epoch)
                current[event.trial] = mine
                found.append(mine)
        elif event.trial in current:
            _take(current[event.trial], event)
    if not any(one.last for one in found):
        raise ObjectiveError(
            f"No trial of the study {study.name!r} reported an epoch, and this figure is of epochs. Let the "
            f"objective yield its metrics once per epoch."
        )
    return found


def _take(stretch: Stretch, event: Event) -> None:
    if event.kind is EventKind.REPORTED:
        stretch.last = max(stretch.last, event.epoch or 0)
    elif event.kind in ENDINGS:
        # The run of a paused trial ended with its pause, even if the trial is stopped later.
        stretch.end = event.elapsed if stretch.ending == RUNNING else stretch.end
        stretch.ending = ENDINGS[event.kind]


def last_ones(found: Sequence[Stretch]) -> dict[int, Stretch]:
    """For each trial its last run."""
    return {one.trial: one for one in found}


def levels_of(found: Sequence[Stretch]) -> list[int]:
    """The epochs at which runs ended, ascending: the rungs, where a scheduler has some."""
    ended = {one.last for one in found if one.last and one.ending not in ("failed", RUNNING)}
    return sorted(ended or {one.last for one in found if one.last})


def colours(levels: Sequence[int]) -> list[str]:
    """A colour for each level, from dark to light as epochs grow."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    # The palest end of the map does not show on white.
    scale = colormaps["viridis"]
    return [to_hex(scale(0.88 * place / max(1, len(levels) - 1))) for place in range(len(levels))]


def few_of(levels: Sequence[int]) -> list[int]:
    """The places of at most `MOST_LEVELS` levels, the first and the last among them."""
    if len(levels) <= MOST_LEVELS:
        return list(range(len(levels)))
    step = (len(levels) - 1) / (MOST_LEVELS - 1)
    return [round(number * step) for number in range(MOST_LEVELS)]


def dress_epochs(ax: Axes, levels: Sequence[int], label: str) -> None:
    """A logarithmic axis of epochs with the rungs on it, where there are several far apart."""
    ax.set_xlabel(label)
    if 1 < len(levels) <= MOST_LEVELS and levels[-1] >= 4 * levels[0]:
        ax.set_xscale("log")
        ax.set_xticks(list(levels), [str(level) for level in levels])
        ax.minorticks_off()
    else:
        ax.locator_params(axis="x", integer=True)
