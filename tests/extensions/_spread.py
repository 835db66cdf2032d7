"""The values of the trials in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hpo.plots.canvas import BLUE, headline, key, panels, plain_frame
from hpo.plots.marks import cross_out
from hpo.plots.reach import span_of
from hpo.plots.values import ended, values_of
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def spread(study: Study) -> Figure:
    """Draw the values of the trials from the best to the worst.

    Args:
        study: the study.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial completed.
    """
    completed, failed = ended(study)
    values = study.metric.sign * np.sort(study.metric.sign * values_of(study, completed))
    figure, [ax] = panels(1)
    plain_frame(ax)
    span = span_of(values)
    ax.plot(np.arange(1, len(values) + 1), span.drawn(values), color=BLUE, marker="o")
    if span.is_log:
        ax.set_yscale("log")
    cross_out(ax, [len(values) + 1 + place for place in range(len(failed))], study.metric.direction)
    ax.set_xlabel("trials, the best first")
    ax.set_ylabel(span.label(study.metric.name, values))
    key(ax)
    headline(figure, study.name, f"{len(values)} values")
    return figure
