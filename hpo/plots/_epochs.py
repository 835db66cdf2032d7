"""The best value so far against the epochs that were trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpo.plots.canvas import BLUE, VERMILION, headline, key, panels, plain_frame, whole_numbers
from hpo.plots.lives import stretches
from hpo.plots.reach import span_of
from hpo.plots.words import cut
from hpo.storage.events import EventKind, metrics_from_json
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.tables import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Spent:
    """The study's best value when so many epochs had been trained, by all trials together.

    Attributes:
        epochs: (n,) the number of epochs, ascending.
        values: (n,) the best value of a trial that was trained in full; NaN before the first.
        provisional: (n,) before that the best value of those that were trained longest by then; NaN after it.
    """

    epochs: NDArray[np.float64]
    values: NDArray[np.float64]
    provisional: NDArray[np.float64]


def incumbent_over_epochs(study: Study) -> Spent:
    """The value of `study.best` by the number of epochs that were trained.

    Raises:
        ObjectiveError: the study has not exactly one metric.
    """
    metric, history = study.metric, study.history
    reached: dict[int, int] = {}
    spent, best = 0, np.inf
    # Of the trials that were trained longest so far: their epochs, and the best value there.
    longest, provisional = 0, np.inf
    rows: list[tuple[float, float, float]] = []
    for number, event in enumerate(study.events):
        if event.trial is None or history.came_late(number):
            continue
        if event.kind is EventKind.REPORTED:
            epoch = event.epoch or 0
            # The difference, since an objective may skip epochs.
            spent += epoch - reached.get(event.trial, 0)
            reached[event.trial] = epoch
            value = metric.sign * metrics_from_json(event.data)[metric.name]
            if np.isfinite(value) and epoch >= longest:
                provisional = min(value, provisional) if epoch == longest else value
                longest = epoch
        elif event.kind is EventKind.TRIAL_COMPLETED:
            best = min(best, metric.sign * history.values[event.trial])
        else:
            continue
        rows.append((spent, best, np.inf if np.isfinite(best) else provisional))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    table[~np.isfinite(table)] = np.nan
    return Spent(table[:, 0], metric.sign * table[:, 1], metric.sign * table[:, 2])


def epochs(study: Study) -> Figure:
    """Draw the value of `study.best` against the epochs that all trials were trained by then.

    The study's best is the best of the trials that were trained in full: the thick line. Before there is one,
    it is the best of those that were trained longest by then: the broken line. That rises or falls whenever a
    trial is trained for longer than any before, as values after different numbers of epochs do not compare.
    The two lines meet nowhere: where the first training in full ends, the second takes over.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial reported an epoch.

    Example:
        >>> import hpo
        >>> from hpo.plots import epochs
        >>> def objective(config):
        ...     for epoch in range(1, 10):
        ...         yield config["x"] + 1 / epoch
        >>> space, asha = {"x": hpo.Float(0, 1)}, hpo.ASHA(min_epochs=1, max_epochs=9)
        >>> study = hpo.search(objective, space, scheduler=asha, num_trials=9, seed=0)
        >>> [ax] = epochs(study).axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('epochs trained by all trials', 'value of the best so far')
    """
    stretches(study)  # says what is missing
    spent = incumbent_over_epochs(study)
    everything = np.concatenate([spent.values, spent.provisional])
    # Each value once: the best stays what it is for long, which makes the first ones no exceptions.
    span = span_of(np.unique(everything))
    figure, [ax] = panels(1)
    plain_frame(ax)
    lines: list[tuple[NDArray[np.float64], str, dict[str, Any]]] = [
        (
            spent.provisional,
            "the best of those trained longest, none in full yet",
            {"color": VERMILION, "linewidth": 1.2, "linestyle": "--"},
        ),
        (spent.values, "the best of those trained in full", {"color": BLUE, "linewidth": 2}),
    ]
    for values, label, looks in lines:
        first = np.flatnonzero(np.isfinite(values))[:1].tolist()
        if first:  # marked, as a line of one point would not be seen
            dot: dict[str, Any] = {"marker": "o", "markersize": 5, "markevery": first}
            ax.step(spent.epochs, span.drawn(values), where="post", label=label, **looks, **dot)
    if span.is_log:
        ax.set_yscale("log")
    ax.xaxis.set_major_locator(whole_numbers())
    ax.set_xlabel("epochs trained by all trials")
    ax.set_ylabel(span.label(f"{cut(study.metric.name, 24)} of the best so far", everything))
    finite = spent.values[np.isfinite(spent.values)]
    final = f", best {shown(float(finite[-1]))}" if len(finite) else ""
    key(ax)
    headline(figure, study.name, counted(int(spent.epochs[-1]), "epoch") + final)
    return figure
