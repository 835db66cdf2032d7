"""The best value so far against the epochs that were trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpo.plots.canvas import BLUE, VERMILION, panels, plain_frame
from hpo.plots.lives import stretches
from hpo.plots.reach import axis_label, within
from hpo.storage.events import EventKind, metrics_from_json
from hpo.study.study import Study
from hpo.study.tables import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Spent:
    """The best values when so many epochs had been trained, by all trials together.

    Attributes:
        epochs: (n,) the number of epochs, ascending.
        values: (n,) the best value of a trial that was trained in full; NaN before the first.
        reported: (n,) the best value that was reported after any epoch; not comparable with the others.
    """

    epochs: NDArray[np.float64]
    values: NDArray[np.float64]
    reported: NDArray[np.float64]


def incumbent_over_epochs(study: Study) -> Spent:
    """The incumbent by the number of epochs that were trained.

    Raises:
        ObjectiveError: the study has not exactly one metric.
    """
    metric = study.metric
    last: dict[int, int] = {}
    spent = 0
    best = reported = np.inf
    rows: list[tuple[float, float, float]] = []
    for event in study.events:
        if event.trial is None:
            continue
        if event.kind is EventKind.REPORTED:
            before = last.get(event.trial, 0)
            value = metric.sign * metrics_from_json(event.data)[metric.name]
            epoch = event.epoch or 0
            last[event.trial] = epoch
            # The difference, since an objective may skip epochs.
            spent += epoch - before
            reported = min(reported, value) if np.isfinite(value) else reported
        elif event.kind is EventKind.TRIAL_COMPLETED:
            best = min(best, metric.sign * study.history.values[event.trial])
        else:
            continue
        rows.append((spent, best, reported))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    table[~np.isfinite(table)] = np.nan
    return Spent(table[:, 0], metric.sign * table[:, 1], metric.sign * table[:, 2])


def epochs(study: Study) -> Figure:
    """Draw the best value so far against the epochs that all trials were trained by then.

    The line is of trials that were trained in full; before there was one, a thin line is of all reports.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial reported an epoch.
    """
    stretches(study)  # says what is missing
    spent = incumbent_over_epochs(study)
    figure, [ax] = panels(1)
    plain_frame(ax)
    is_early = np.isnan(spent.values)
    if is_early.any():
        ax.step(
            spent.epochs[is_early],
            within(spent.reported[is_early]),
            where="post",
            color=VERMILION,
            linewidth=1,
            label="after any epoch",
        )
    first = np.flatnonzero(~is_early)[:1].tolist()  # a line of one point would not be seen
    line = {"marker": "o", "markersize": 5, "markevery": first, "color": BLUE, "linewidth": 2}
    ax.step(spent.epochs, within(spent.values), where="post", label="trained in full", **line)
    ax.set_xlabel("epochs trained by all trials")
    ax.set_ylabel(axis_label(f"best {study.metric.name} so far", np.append(spent.values, spent.reported)))
    finite = spent.values[~is_early]
    final = f", best {shown(float(finite[-1]))}" if len(finite) else ""
    ax.set_title(f"{study.name}: {int(spent.epochs[-1])} epochs{final}", fontsize="medium")
    ax.legend(fontsize="small", framealpha=0.9)
    return figure
