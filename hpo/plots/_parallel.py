"""Each trial as a line over its hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpo.plots.canvas import BLACK, GRID_GREY, headline, key, panels
from hpo.plots.marks import early_label
from hpo.plots.scales import Scale
from hpo.plots.values import Shades, Shown, tried, values_of, varying
from hpo.plots.words import TICK, cut
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.trial import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_ABSENT = -0.13
_INCHES = 1.7
_LETTERS = 18
"""What fits below an axis, beside its neighbours."""


def parallel(study: Study, names: Sequence[str] | None = None) -> Figure:
    """Draw each trial as a line through its values, coloured by its result, good ones dark and on top.

    A line runs below the axis of a conditional hyperparameter that its trial has not. Trials that were
    stopped or wait are thin broken lines, with the colour of their last epoch's value. Failed ones are grey
    and dotted.

    Args:
        study: of one metric.
        names: which hyperparameters, in which order; by default all that vary.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial has a value.
        ValueError: there is no such hyperparameter, or none that varies.

    Example:
        >>> import hpo
        >>> from hpo.plots import parallel
        >>> space = {"x": hpo.Float(-1, 1), "y": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda c: c["x"] ** 2 + 0.1 * c["y"], space, num_trials=20, seed=0)
        >>> [ax, colours] = parallel(study, ["y", "x"]).axes
        >>> [label.get_text() for label in ax.get_xticklabels()]
        ['y', 'x']
    """
    chosen = varying(study, names, 1, "A plot of parallel coordinates")
    found = tried(study)
    shades = Shades.of(study, values_of(study, found.valued))
    figure, [ax] = panels(1)
    figure.set_size_inches(max(6.0, _INCHES * (len(chosen) + 1)), 4.6)
    drawn = found.valued + found.failed
    is_absent = any(name not in trial.config for trial in drawn for name in chosen)
    lines, labels = _lines(ax, study, chosen, drawn)
    _draw(ax, lines, found.failed, color="grey", linestyle=":", linewidth=0.9, zorder=1)
    for trials, style in ((found.early, "--"), (found.completed, "-")):
        values = values_of(study, trials)
        # The worst first, so that the good ones lie above.
        order = np.argsort(-study.metric.sign * values, kind="stable")
        width = 1.1 if style == "-" else 0.7
        ranked = [trials[place] for place in order]
        _draw(ax, lines, ranked, color=shades(values[order]), linestyle=style, linewidth=width, zorder=2)
    best = study.best.id
    ax.plot(
        range(len(chosen)), lines[best], color=BLACK, linewidth=2.2, zorder=3, label=f"best: trial {best}"
    )
    shades.bar(ax, figure)
    ax.set_xticks(range(len(chosen)), labels, fontsize="small")
    ax.set_xlim(-0.15, len(chosen) - 1 + 0.45)
    ax.set_ylim(_ABSENT - 0.05 if is_absent else -0.05, 1.05)
    ax.set_yticks([_ABSENT] if is_absent else [], ["not there"] if is_absent else [])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    key(ax, [*ax.get_legend_handles_labels()[0], *_entries(found)])
    headline(figure, study.name, counted(len(study.trials), "trial"))
    return figure


def _lines(
    ax: Axes, study: Study, chosen: Sequence[str], trials: Sequence[Trial]
) -> tuple[NDArray[np.float64], list[str]]:
    """Draw the axes.

    Returns:
        The heights of each trial's line at them, shape (trials, axes), and what to write below each.
    """
    lines = np.full((len(study.trials), len(chosen)), _ABSENT)
    labels = []
    for place, name in enumerate(chosen):
        having = [trial for trial in trials if name in trial.config]
        values = [trial.config[name] for trial in having]
        ax.axvline(place, ymin=0, color=GRID_GREY, linewidth=1.2, zorder=0)
        labels.append(cut(name, _LETTERS))
        if having:
            axis = Scale(study.space[name], values)
            lines[[trial.id for trial in having], place] = axis.places(values)
            _ticks(ax, place, *axis.ticks())
            # On lines of their own, which are no wider than the name may be.
            labels[-1] = "\n".join([labels[-1], *", ".join(axis.notes()).split(", ")]).strip()
    return lines, labels


def _draw(ax: Axes, lines: NDArray[np.float64], trials: Sequence[Trial], *, color: Any, **looks: Any) -> None:
    """Draw the lines of these trials, all as one artist: thousands of them would be slow."""
    from matplotlib.collections import LineCollection

    if not trials:
        return
    heights = lines[[trial.id for trial in trials]]
    # So that one sees where lines are dense.
    looks["alpha"] = min(1.0, max(0.08, 80 / len(trials)))
    across = np.broadcast_to(np.arange(heights.shape[1], dtype=np.float64), heights.shape)
    ax.add_collection(LineCollection(list(np.stack([across, heights], axis=2)), colors=color, **looks))
    if heights.shape[1] == 1:  # a line of one point would not be seen
        ax.scatter(across[:, 0], heights[:, 0], color=color, s=14, zorder=looks["zorder"])


def _entries(found: Shown) -> list[Line2D]:
    from matplotlib.lines import Line2D

    entries = []
    if found.early:
        entries.append(Line2D([], [], color="grey", linestyle="--", label=early_label(found.early)))
    if found.failed:
        entries.append(Line2D([], [], color="grey", linestyle=":", label=f"failed ({len(found.failed)})"))
    return entries


def _ticks(ax: Axes, place: int, heights: list[float], labels: list[str]) -> None:
    for height, label in zip(heights, labels, strict=True):
        ax.plot([place, place + 0.03], [height, height], color="grey", linewidth=0.8, zorder=4)
        ax.annotate(
            cut(label, TICK),
            (place + 0.05, height),
            fontsize="x-small",
            va="center",
            zorder=5,
            bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6},
        )
