"""Each trial as a line over its hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpo.plots.canvas import BLACK, GRID_GREY, panels
from hpo.plots.reach import axis_label
from hpo.plots.scales import Scale
from hpo.plots.values import ended, shades, values_of, varying
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ABSENT = -0.13
_INCHES = 1.7


def parallel(study: Study, names: Sequence[str] | None = None) -> Figure:
    """Draw each trial as a line through its values, coloured by its result, good ones dark and on top.

    A line runs below the axis of a conditional hyperparameter that its trial has not. Failed trials are
    broken grey lines.

    Args:
        study: of one metric.
        names: which hyperparameters, in which order; by default all that vary.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial completed.
        ValueError: there is no such hyperparameter, or none that varies.
    """
    from matplotlib.cm import ScalarMappable

    chosen = varying(study, names, 1, "A plot of parallel coordinates")
    completed, failed = ended(study)
    values = values_of(study, completed)
    colours, scale = shades(study, values)
    figure, [ax] = panels(1)
    figure.set_size_inches(max(6.0, _INCHES * (len(chosen) + 1)), 4.2)
    is_absent = any(name not in trial.config for trial in completed + failed for name in chosen)
    lines = np.full((len(study.trials), len(chosen)), _ABSENT)
    for place, name in enumerate(chosen):
        having = [trial for trial in completed + failed if name in trial.config]
        found = [trial.config[name] for trial in having]
        ax.axvline(place, ymin=0, color=GRID_GREY, linewidth=1.2, zorder=0)
        if having:
            axis = Scale(study.space[name], found)
            lines[[trial.id for trial in having], place] = axis.places(found)
            _ticks(ax, place, *axis.ticks())
    for trial in failed:
        ax.plot(range(len(chosen)), lines[trial.id], color="grey", linestyle=":", linewidth=0.9, zorder=1)
    # The worst first, so that the good ones lie above.
    for row in np.argsort(-study.metric.sign * values, kind="stable"):
        trial = completed[row]
        ax.plot(
            range(len(chosen)),
            lines[trial.id],
            color=colours(scale(values[row])),
            linewidth=1.1,
            alpha=0.8,
            marker="o" if len(chosen) == 1 else None,
            zorder=2,
        )
    best = lines[study.best.id]
    ax.plot(
        range(len(chosen)), best, color=BLACK, linewidth=2.2, zorder=3, label=f"best: trial {study.best.id}"
    )
    if failed:
        ax.plot([], [], color="grey", linestyle=":", label=f"failed ({len(failed)})")
    figure.colorbar(ScalarMappable(scale, colours), ax=ax, label=axis_label(study.metric.name, values))
    ax.set_xticks(range(len(chosen)), chosen)
    ax.set_xlim(-0.15, len(chosen) - 1 + 0.45)
    ax.set_ylim(_ABSENT - 0.05 if is_absent else -0.05, 1.05)
    ax.set_yticks([_ABSENT] if is_absent else [], ["not there"] if is_absent else [])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False)
    ax.set_title(f"{study.name}: {len(study.trials)} trials", fontsize="medium")
    return figure


def _ticks(ax: Axes, place: int, heights: list[float], labels: list[str]) -> None:
    for height, label in zip(heights, labels, strict=True):
        ax.plot([place, place + 0.03], [height, height], color="grey", linewidth=0.8, zorder=4)
        ax.annotate(
            label,
            (place + 0.05, height),
            fontsize="x-small",
            va="center",
            zorder=5,
            bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6},
        )
