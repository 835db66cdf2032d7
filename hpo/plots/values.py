"""The values of trials for figures: which trials have one, and how to colour and scale them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpo.errors import ObjectiveError
from hpo.plots.canvas import BLACK
from hpo.plots.reach import within
from hpo.space.values import did_you_mean
from hpo.study.study import Study
from hpo.study.trial import Direction, Trial, TrialState

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

LOG_RATIO = 1000
"""Positive values that differ by more than this factor get a logarithmic scale."""

COLOURS = "viridis"
"""From dark to light for every kind of colour vision, and in grey print."""


def ended(study: Study) -> tuple[list[Trial], list[Trial]]:
    """The completed and the failed trials.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial completed.
    """
    metric = study.metric
    trials = list(study.trials)
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETED]
    if not completed:
        raise ObjectiveError(
            f"There is nothing to draw: no trial of the study {study.name!r} completed, so none has a "
            f"{metric.name}."
        )
    return completed, [trial for trial in trials if trial.state is TrialState.FAILED]


def values_of(study: Study, trials: Sequence[Trial]) -> NDArray[np.float64]:
    """The metric of completed trials, within the reach of a figure."""
    return within([trial.metrics[study.metric.name] for trial in trials])


def needs_log(values: NDArray[np.float64]) -> bool:
    """Whether values are positive and of very different size."""
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and finite.min() > 0 and finite.max() > LOG_RATIO * finite.min()


def cross_out(ax: Axes, places: Sequence[float], direction: Direction) -> None:
    """Mark failed trials by crosses at the border of the bad values.

    Args:
        ax: where.
        places: where each stands on the horizontal axis.
        direction: which values are bad.
    """
    if not places:
        return
    # In the axes' own height: 1 is the upper border, whatever the values are.
    border = 1.0 if direction is Direction.MINIMIZE else 0.0
    ax.scatter(
        places,
        [border] * len(places),
        transform=ax.get_xaxis_transform(),
        clip_on=False,
        s=42,
        marker="x",
        color=BLACK,
        linewidths=1.4,
        label=f"failed ({len(places)})",
        zorder=4,
    )


def shades(study: Study, values: NDArray[np.float64]) -> tuple[Any, Normalize]:
    """A colour map in which good values are dark, and its range; a few very bad values do not stretch it."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    sign = study.metric.sign
    best, bad = np.min(sign * values), np.quantile(sign * values, 0.9)
    ends = sorted((float(sign * best), float(sign * bad)))
    if ends[0] == ends[1]:
        ends[1] = ends[0] + (abs(ends[0]) or 1.0)
    scale = LogNorm if needs_log(values) and ends[0] > 0 else Normalize
    return colormaps[COLOURS if sign > 0 else f"{COLOURS}_r"], scale(ends[0], ends[1])


def varying(study: Study, names: Sequence[str] | None, fewest: int, what: str) -> list[str]:
    """The hyperparameters to draw: those that were named, else all that vary in some completed trial.

    Args:
        study: the study.
        names: what was asked for; None for all.
        fewest: how many a figure needs.
        what: the figure, for the message.

    Raises:
        ValueError: a name is not in the space, or there are too few.
    """
    free = [name for name, domain in study.space.items() if domain.size > 1]
    for name in names or ():
        if name not in free:
            near = did_you_mean(name, free)
            raise ValueError(
                f"{what} shows hyperparameters that vary: {', '.join(free) or 'none'}; received {name!r}."
                f"{near}"
            )
    chosen = list(names) if names is not None else free
    if len(chosen) < fewest:
        raise ValueError(
            f"{what} needs at least {fewest} hyperparameters that vary; received "
            f"{', '.join(chosen) or 'none'}."
        )
    return chosen
