"""How busy the workers were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpo.errors import ObjectiveError
from hpo.plots._timeline import FEW_ROWS, lanes
from hpo.plots.canvas import BLUE, VERMILION, headline, key, plain_frame, sheet
from hpo.study.numbers import counted
from hpo.study.runs import Run, runs
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def workers(study: Study) -> Figure:
    """Draw which share of the workers was busy over time and, below, how busy each of them was.

    The log names no workers, so a worker is a row of the `timeline`: there are as many as trials ever ran at
    once. Where a worker trains several trials together, the members of its cohort count as workers. The time
    is that of work on the study: nights between two searches are left out.

    Raises:
        ObjectiveError: no trial of the study ran.

    Example:
        >>> import hpo
        >>> from hpo.plots import workers
        >>> study = hpo.search(lambda config: config["x"] ** 2, {"x": hpo.Float(-1, 1)}, num_trials=9, seed=0)
        >>> [ax.get_ylabel() for ax in workers(study).axes]
        ['share of workers busy', 'worker']
    """
    found = [run for run in runs(study.history) if run.is_proposed]
    if not found:
        raise ObjectiveError(
            f"There is nothing to draw: no trial of the study {study.name!r} ran, so no worker was busy."
        )
    rows = lanes(found)
    count = max(rows) + 1
    begin, end = min(run.begin for run in found), max(run.end for run in found)
    span = end - begin or 1.0
    figure = sheet(6.0, 4.2 + 0.16 * min(count, FEW_ROWS))
    above, below = figure.subplots(2, 1, height_ratios=[2.0, 0.6 + 0.12 * min(count, FEW_ROWS)])
    mean = sum(run.seconds for run in found) / span / count
    _over_time(above, found, count, mean)
    _by_worker(below, found, rows, span)
    key(above)
    headline(figure, study.name, f"{counted(count, 'worker')} for {span:.4g} s, {mean:.0%} busy")
    return figure


def busy(found: Sequence[Run]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many runs were under way from each moment on at which that changed."""
    moments = np.array([run.begin for run in found] + [run.end for run in found])
    changes = np.repeat([1.0, -1.0], len(found))
    times, place = np.unique(moments, return_inverse=True)
    return times, np.cumsum(np.bincount(place.ravel(), weights=changes, minlength=len(times)))


def _over_time(ax: Axes, found: Sequence[Run], count: int, mean: float) -> None:
    times, running = busy(found)
    plain_frame(ax)
    ax.fill_between(times, running / count, step="post", color=BLUE, alpha=0.3, linewidth=0)
    ax.step(times, running / count, where="post", color=BLUE, linewidth=1.0, label="busy")
    ax.axhline(mean, color=VERMILION, linestyle="--", linewidth=1.0, label=f"on average {mean:.0%}")
    ax.set_ylim(0, 1.05)
    ax.set_xlabel("seconds of work on the study")
    ax.set_ylabel("share of workers busy")


def _by_worker(ax: Axes, found: Sequence[Run], rows: Sequence[int], span: float) -> None:
    shares = np.bincount(rows, weights=[run.seconds for run in found]) / span
    plain_frame(ax)
    ax.grid(visible=False, axis="y")
    ax.barh(range(len(shares)), shares, color=BLUE, height=0.8)
    if len(shares) <= FEW_ROWS:
        ax.set_yticks(range(len(shares)), [str(row) for row in range(len(shares))], fontsize="small")
    ax.set_ylim(len(shares) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of the time")
    ax.set_ylabel("worker")
