"""The empirical distribution of the values: which share of the trials reached each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hpo.plots._history import COLOURS, STYLES, Studies, grouped, named, one_metric
from hpo.plots.canvas import headline, key, panels, plain_frame
from hpo.plots.decades import log_across
from hpo.plots.reach import span_of
from hpo.plots.values import ended, values_of
from hpo.plots.words import cut
from hpo.study.study import Study
from hpo.study.trial import TrialState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ENDED = (TrialState.COMPLETED, TrialState.FAILED, TrialState.STOPPED)


def edf(studies: Studies) -> Figure:
    """Draw which share of the trials reached each value, or a better one.

    A line further on the good side is a better search or a better space. Trials that failed or were stopped
    reached none, so a line ends below 1 where there are such.

    Args:
        studies: one, several of one kind, whose trials are put together, or a dict of kinds.

    Raises:
        ObjectiveError: a study has not exactly one metric, or no trial of it completed.
        ValueError: there are none, or they are of different metrics.

    Example:
        >>> import hpo
        >>> from hpo.plots import edf
        >>> narrow, wide = (
        ...     hpo.search(lambda c: c["x"] ** 2, {"x": hpo.Float(-end, end)}, num_trials=9, seed=0)
        ...     for end in (1, 5)
        ... )
        >>> [ax] = edf({"narrow": narrow, "wide": wide}).axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('value', 'share of trials with at most this value')
    """
    groups = {studies.name: [studies]} if isinstance(studies, Study) else grouped(studies)
    metric = one_metric(groups)
    figure, [ax] = panels(1)
    plain_frame(ax)
    found = [
        np.concatenate([values_of(study, ended(study)[0]) for study in group]) for group in groups.values()
    ]
    everything = np.concatenate(found)
    span = span_of(everything)
    for place, ((label, group), values) in enumerate(zip(groups.items(), found, strict=True)):
        count = sum(trial.state in _ENDED for study in group for trial in study.trials)
        ordered = np.sort(metric.sign * values)
        shares = np.arange(1, len(ordered) + 1) / count
        missing = count - len(ordered)
        # The first value twice, so that the steps rise from 0.
        ax.plot(
            span.drawn(metric.sign * np.concatenate([ordered[:1], ordered])),
            np.concatenate([[0.0], shares]),
            drawstyle="steps-post",
            color=COLOURS[place % len(COLOURS)],
            linestyle=STYLES[place // len(COLOURS) % len(STYLES)],
            label=f"{named(label)} ({missing} of {count} without a result)"
            if missing
            else f"{named(label)} ({count})",
        )
    if span.is_log:
        finite = span.drawn(everything[np.isfinite(everything)])
        log_across(ax, min(finite), max(finite))
    ax.set_ylim(0, 1.02)
    better = "at most" if metric.sign > 0 else "at least"
    ax.set_xlabel(span.label(metric.name, everything))
    ax.set_ylabel(f"share of trials with {better} this {cut(metric.name, 16)}")
    key(ax)
    headline(figure, "values", "which share of the trials reached each")
    return figure
