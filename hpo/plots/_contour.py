"""The value over two hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpo.errors import ObjectiveError
from hpo.plots.canvas import BLACK, EARLY_GREY, VERMILION, headline, key, panels, size
from hpo.plots.comparable import comparable
from hpo.plots.marks import early_label, star
from hpo.plots.positions import list_values
from hpo.plots.reach import span_of, within
from hpo.plots.scales import Scale
from hpo.plots.surface import smoothed
from hpo.plots.values import Shades, tried, varying
from hpo.plots.words import TICK, cut
from hpo.study.study import Study
from hpo.study.trial import Trial
from hpo.surrogates.importance import importance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

_CELLS = 72


def contour(study: Study, names: Sequence[str] | None = None) -> Figure:
    """Draw the value over two hyperparameters, smoothed over the trials near each place.

    The effect of the other hyperparameters is averaged out. Places far from all trials stay empty. Trials are
    dots, failed ones crosses, the best one a star. Where a scheduler lets few trials complete, the surface is
    of the last epoch that ten trials or more reached. Grey diamonds have no part in it: their values do not
    compare. Trials that lack one of the two are left out.

    Args:
        study: of one metric.
        names: the two hyperparameters; by default the two of largest importance.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial with both of them has a value.
        ValueError: there is no such hyperparameter, or not two are named.

    Example:
        >>> import hpo
        >>> from hpo.plots import contour
        >>> space = {"x": hpo.Float(-1, 1), "y": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda c: c["x"] ** 2 + 0.1 * c["y"], space, num_trials=20, seed=0)
        >>> [ax, colours] = contour(study, ["x", "y"]).axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('x', 'y')
    """
    chosen = varying(study, names, 2, "A contour plot")
    if names is not None and len(chosen) != 2:
        raise ValueError(f"A contour plot has two axes: name two; received {', '.join(chosen)}.")
    found, compared = tried(study), comparable(study)
    used = [trial for trial in found.valued if trial.id in compared.values]
    rest = [trial for trial in found.valued if trial.id not in compared.values]
    x, y = chosen if names is not None else important_pair(study, chosen, used)
    used, rest, failed = (_having(trials, x, y) for trials in (used, rest, found.failed))
    if not used:
        raise ObjectiveError(f"No trial of {study.name!r} with a value has both {x!r} and {y!r}.")
    shown = used + rest + failed
    across = Scale(study.space[x], [trial.config[x] for trial in shown])
    up = Scale(study.space[y], [trial.config[y] for trial in shown])
    values = within([compared.values[trial.id] for trial in used])
    shades = Shades.of(study, values)
    columns, rows = across.cells(_CELLS), up.cells(_CELLS)
    # Of a far too bad value no more than that it is bad: it would spoil the mean of all around it.
    values = span_of(values).drawn(values)
    surface = smoothed(_points(across, up, x, y, used), values, (across, up), columns, rows)
    figure, [ax] = panels(1)
    looks: dict[str, Any] = {"cmap": shades.colours, "norm": shades.scale, "shading": "flat"}
    ax.pcolormesh(_edges(columns), _edges(rows), surface, **looks)
    # On a level plain there are no lines, and older Matplotlib warns of it.
    varies = np.isfinite(surface).all() and np.ptp(surface) > 0
    if varies and not across.listed and not up.listed:
        ax.contour(columns, rows, surface, levels=8, colors="white", linewidths=0.5, alpha=0.7)
    marks: list[tuple[list[Trial], dict[str, Any]]] = [
        (rest, {"marker": "D", "color": EARLY_GREY, "s": size(10, len(rest)), "label": early_label(rest)}),
        (used, {"marker": "o", "color": BLACK, "s": size(14, len(used)), "label": _label(compared.epoch)}),
        (failed, {"marker": "x", "color": VERMILION, "s": 30, "label": f"failed ({len(failed)})"}),
    ]
    for trials, looks in marks:
        if trials:
            ax.scatter(*_points(across, up, x, y, trials).T, linewidths=0.8, zorder=3, **looks)
    best = study.best
    if best in used:
        [[left, height]] = _points(across, up, x, y, [best])
        star(ax, left, height)
    shades.bar(ax, figure)
    list_values(ax, *across.ticks())
    heights, labels = up.ticks()
    ax.set_yticks(heights, [cut(label, TICK) for label in labels])
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("\n".join([cut(x), *across.notes()]))
    ax.set_ylabel("\n".join([cut(y), *up.notes()]))
    key(ax)
    headline(figure, study.name, f"{cut(study.metric.name, 20)} over two hyperparameters")
    return figure


def _label(epoch: int | None) -> str:
    return "trial" if epoch is None else f"trial, after epoch {epoch}"


def important_pair(study: Study, names: list[str], trials: list[Trial]) -> tuple[str, str]:
    """The two that mattered most, of those that are together in some trial."""
    ranked = names
    with suppress(ObjectiveError):  # too few trials to tell
        ranked = [name for name in importance(study) if name in names]
    for place, second in enumerate(ranked[1:], start=1):
        for first in ranked[:place]:
            if _having(trials, first, second):
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
