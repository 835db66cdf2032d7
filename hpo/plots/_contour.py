"""The value over two hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpo.errors import ObjectiveError
from hpo.plots.canvas import BLACK, VERMILION, panels
from hpo.plots.reach import axis_label
from hpo.plots.scales import Scale
from hpo.plots.surface import smoothed
from hpo.plots.values import ended, shades, values_of, varying
from hpo.study.study import Study
from hpo.study.trial import Trial
from hpo.surrogates.importance import importance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

_CELLS = 72


def contour(study: Study, names: Sequence[str] | None = None) -> Figure:
    """Draw the value over two hyperparameters, smoothed over the trials near each place.

    The effect of the other hyperparameters is averaged out. Places far from all trials stay empty. Trials are
    dots, failed ones crosses, the best one a star. Trials that lack one of the two are left out.

    Args:
        study: of one metric.
        names: the two hyperparameters; by default the two of largest importance.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial with both of them completed.
        ValueError: there is no such hyperparameter, or not two are named.
    """
    chosen = varying(study, names, 2, "A contour plot")
    if names is not None and len(chosen) != 2:
        raise ValueError(f"A contour plot has two axes: name two; received {', '.join(chosen)}.")
    completed, failed = ended(study)
    x, y = chosen if names is not None else _important(study, chosen, completed)
    completed = _having(completed, x, y)
    failed = _having(failed, x, y)
    if not completed:
        raise ObjectiveError(f"No completed trial of {study.name!r} has both {x!r} and {y!r}.")
    shown = completed + failed
    across = Scale(study.space[x], [trial.config[x] for trial in shown])
    up = Scale(study.space[y], [trial.config[y] for trial in shown])
    values = values_of(study, completed)
    colours, scale = shades(study, values)
    columns, rows = across.cells(_CELLS), up.cells(_CELLS)
    surface = smoothed(_points(across, up, x, y, completed), values, (across, up), columns, rows)
    figure, [ax] = panels(1)
    mesh = ax.pcolormesh(_edges(columns), _edges(rows), surface, cmap=colours, norm=scale, shading="flat")
    if not across.listed and not up.listed and np.isfinite(surface).all():
        ax.contour(columns, rows, surface, levels=8, colors="white", linewidths=0.5, alpha=0.7)
    _dots(ax, _points(across, up, x, y, completed), marker="o", color=BLACK, s=14, label="trial")
    if failed:
        points = _points(across, up, x, y, failed)
        _dots(ax, points, marker="x", color=VERMILION, s=30, label=f"failed ({len(failed)})")
    best = study.best
    if best in completed:
        [[left, height]] = _points(across, up, x, y, [best])
        ax.scatter(left, height, marker="*", color=VERMILION, edgecolors=BLACK, s=170, label="best", zorder=4)
    figure.colorbar(mesh, ax=ax, label=axis_label(study.metric.name, values), extend="neither")
    ax.set_xticks(*across.ticks())
    ax.set_yticks(*up.ticks())
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.legend(fontsize="small", framealpha=0.9)
    ax.set_title(f"{study.name}: {study.metric.name} over {x} and {y}", fontsize="medium")
    return figure


def _important(study: Study, names: list[str], completed: list[Trial]) -> tuple[str, str]:
    """The two that mattered most, of those that are together in some trial."""
    ranked = names
    with suppress(ObjectiveError):  # too few trials to tell
        ranked = [name for name in importance(study) if name in names]
    for place, second in enumerate(ranked[1:], start=1):
        for first in ranked[:place]:
            if _having(completed, first, second):
                return first, second
    return ranked[0], ranked[1]


def _having(trials: list[Trial], x: str, y: str) -> list[Trial]:
    return [trial for trial in trials if x in trial.config and y in trial.config]


def _points(across: Scale, up: Scale, x: str, y: str, trials: list[Trial]) -> Floats:
    return np.column_stack(
        [
            across.places([trial.config[x] for trial in trials]),
            up.places([trial.config[y] for trial in trials]),
        ]
    )


def _edges(middles: Floats) -> Floats:
    return np.linspace(0.0, 1.0, len(middles) + 1)


def _dots(ax: Axes, points: Floats, *, marker: str, color: str, s: float, label: str) -> None:
    ax.scatter(
        points[:, 0], points[:, 1], marker=marker, color=color, s=s, linewidths=0.8, label=label, zorder=3
    )
