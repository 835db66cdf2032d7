"""The value of each trial against a hyperparameter, coloured by when it was tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpo.plots.canvas import panels, plain_frame
from hpo.plots.positions import dress, places
from hpo.plots.reach import axis_label
from hpo.plots.values import cross_out, ended, needs_log, values_of, varying
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def slices(study: Study, names: Sequence[str] | None = None) -> Figure:
    """Draw a panel for each hyperparameter, in which later trials are darker.

    So one sees where a search went. Failed trials are crosses at the border of the bad values.

    Args:
        study: of one metric.
        names: which hyperparameters; by default all that vary.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial completed.
        ValueError: there is no such hyperparameter, or none that varies.
    """
    chosen = varying(study, names, 1, "A slice plot")
    completed, failed = ended(study)
    figure, axes = panels(len(chosen))
    last = max(len(study.trials) - 1, 1)
    for place, (name, ax) in enumerate(zip(chosen, axes, strict=True)):
        plain_frame(ax)
        domain = study.space[name]
        having = [trial for trial in completed if name in trial.config]
        points = ax.scatter(
            places(name, domain, having),
            values_of(study, having),
            c=[trial.id for trial in having],
            cmap="Blues",
            # The first ones would be white on white.
            vmin=-0.3 * last,
            vmax=last,
            s=36,
            edgecolors="grey",
            linewidths=0.5,
            zorder=2,
        )
        dress(ax, name, domain, having)
        crossed = [trial for trial in failed if name in trial.config]
        if crossed:
            cross_out(ax, places(name, domain, crossed), study.metric.direction)
            ax.legend(fontsize="small", framealpha=0.9)
        spec = ax.get_subplotspec()
        if spec is not None and spec.is_first_col():
            ax.set_ylabel(axis_label(study.metric.name, values_of(study, completed)))
        if place == len(chosen) - 1:
            bar = figure.colorbar(points, ax=axes, label="trial", boundaries=None)
            bar.ax.set_ylim(0, last)
    if needs_log(values_of(study, completed)):
        axes[0].set_yscale("log")  # the panels share it
    figure.suptitle(f"{study.name}: {len(study.trials)} trials", fontsize="medium")
    return figure
