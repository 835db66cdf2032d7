"""The ranks of the trials over pairs of hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpo.errors import ObjectiveError
from hpo.plots.canvas import GREY, headline, key, plain_frame, sheet, size, whole_numbers
from hpo.plots.marks import early_label, star
from hpo.plots.positions import GOLDEN_RATIO, list_values
from hpo.plots.scales import Scale
from hpo.plots.values import COLOURS, Shown, tried, values_of, varying
from hpo.plots.words import TICK, cut
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.trial import Trial
from hpo.surrogates.importance import importance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 4
"""So many hyperparameters are paired unless others are named."""
_INCHES = 2.7
_LETTERS = 22
_ROOM, _ROOM_ALONE = 22, 36
"""Letters for which there is room at the ticks of a panel, and at those of a panel that has no neighbours."""


def rank(study: Study, names: Sequence[str] | None = None) -> Figure:
    """Draw a panel for each pair of hyperparameters, with the trials coloured by their ranks.

    Ranks show where good trials lie also where a few values are extreme, as the distance between two values
    does not count. Those trained in full come first, by their values. Trials that were stopped or wait come
    behind them, as `study.best` ranks them: by how long they were trained, then by value; they are diamonds.
    Failed ones are crosses without a rank. Trials that lack one of a pair are not in its panel.

    Args:
        study: of one metric.
        names: which hyperparameters, at least two; by default the four of largest importance.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial has a value.
        ValueError: there is no such hyperparameter, or fewer than two.

    Example:
        >>> import hpo
        >>> from hpo.plots import rank
        >>> space = {"x": hpo.Float(-1, 1), "y": hpo.Float(0, 1)}
        >>> study = hpo.search(lambda config: config["x"] ** 2 + config["y"], space, num_trials=9, seed=0)
        >>> rank(study).axes[0].get_xlabel()
        'x'
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    chosen = varying(study, names, 2, "A rank plot")
    found = tried(study)
    if names is None:
        chosen = _most_important(study, chosen)
    ranks = ranked(study, found)
    norm = Normalize(1, max(len(ranks), 2))
    side = len(chosen) - 1
    figure = sheet(max(_INCHES * side, 4.5) + 1.5, max(_INCHES * side, 3.4) + 1.0)
    grid: Any = figure.subplots(side, side, squeeze=False)
    for row, column in np.ndindex(side, side):
        if column > row:
            grid[row][column].remove()
    for x, y in combinations(range(len(chosen)), 2):
        ax = grid[y - 1, x]
        _draw(ax, study, (chosen[x], chosen[y]), found, ranks, norm)
        if y < side:
            ax.set_xlabel("")
            ax.tick_params(axis="x", labelbottom=False)
        if x:
            ax.set_ylabel("")
            ax.tick_params(axis="y", labelleft=False)
    axes = [grid[y - 1, x] for x, y in combinations(range(len(chosen)), 2)]
    label = "rank, 1 is the best"
    figure.colorbar(ScalarMappable(norm, COLOURS), ax=axes, label=label, ticks=whole_numbers())
    # The panel of a conditional hyperparameter may lack trials, so the fullest panel is explained.
    key(axes[0], of=max(axes, key=lambda ax: sum(len(each.get_offsets()) for each in ax.collections)))
    headline(figure, study.name, f"ranks of {counted(len(ranks), 'trial')}")
    return figure


def ranked(study: Study, found: Shown) -> dict[int, int]:
    """The rank of each trial that has a value, from 1 for the best; those of equal value share the first."""
    sign, history = study.metric.sign, study.history
    keys: dict[int, tuple[float, float]] = {}
    for trials, is_full in ((found.completed, True), (found.early, False)):
        for trial, value in zip(trials, values_of(study, trials), strict=True):
            longest = -np.inf if is_full else -float(history.last_epoch(trial.id))
            keys[trial.id] = longest, sign * float(value)
    order = sorted(keys, key=keys.__getitem__)
    ranks: dict[int, int] = {}
    for place, number in enumerate(order):
        before = order[place - 1] if place else None
        is_tied = before is not None and keys[before] == keys[number]
        ranks[number] = ranks[before] if before is not None and is_tied else place + 1
    return ranks


def _most_important(study: Study, names: list[str]) -> list[str]:
    """The first four by importance, in the order of the space."""
    best = names
    with suppress(ObjectiveError):  # too few trials to tell
        best = [name for name in importance(study) if name in names]
    return [name for name in names if name in best[:_MOST]]


def _draw(
    ax: Axes, study: Study, pair: tuple[str, str], found: Shown, ranks: dict[int, int], norm: Any
) -> None:
    completed, early, failed = (
        [trial for trial in trials if all(name in trial.config for name in pair)]
        for trials in (found.completed, found.early, found.failed)
    )
    plain_frame(ax)
    ax.grid(visible=False)
    ax.set_xlabel(cut(pair[0], _LETTERS), fontsize="small")
    ax.set_ylabel(cut(pair[1], _LETTERS), fontsize="small")
    ax.set_xlim(-0.04, 1.04)
    ax.set_ylim(-0.04, 1.04)
    shown = completed + early + failed
    if not shown:
        ax.set_xticks([])
        ax.set_yticks([])
        return
    across, up = (Scale(study.space[name], [trial.config[name] for trial in shown]) for name in pair)

    def at(trials: Sequence[Trial]) -> NDArray[np.float64]:
        return np.column_stack([_spread(s, name, trials) for s, name in zip((across, up), pair, strict=True)])

    marks: list[tuple[list[Trial], dict[str, Any]]] = [
        (early, {"marker": "D", "s": size(14, len(early)), "label": early_label(early)}),
        (completed, {"s": size(30, len(completed)), "label": "trained in full" if early else "trial"}),
    ]
    for trials, looks in marks:
        if trials:
            order = sorted(trials, key=lambda trial: -ranks[trial.id])  # the best above the others
            numbers = [ranks[trial.id] for trial in order]
            _scatter(ax, at(order), c=numbers, cmap=COLOURS, norm=norm, linewidths=0, **looks)
    if failed:
        _scatter(
            ax, at(failed), marker="x", color=GREY, s=22, linewidths=0.8, label=f"failed ({len(failed)})"
        )
    best = study.best
    if all(name in best.config for name in pair):
        [[left, height]] = at([best])
        star(ax, left, height, s=150)
    is_alone = len(ax.get_figure().axes) == 1  # type: ignore[union-attr]  # drawn axes have a figure
    list_values(ax, *across.ticks(), room=_ROOM_ALONE if is_alone else _ROOM, fontsize="x-small")
    heights, labels = up.ticks()
    ax.set_yticks(heights, [cut(label, TICK) for label in labels], fontsize="x-small")


def _scatter(ax: Axes, places: NDArray[np.float64], **looks: Any) -> None:
    ax.scatter(places[:, 0], places[:, 1], **looks)


def _spread(scale: Scale, name: str, trials: Sequence[Trial]) -> NDArray[np.float64]:
    """Where trials lie on a scale; those of a listed value are spread around its place by their ids."""
    places = scale.places([trial.config[name] for trial in trials])
    if not scale.listed:
        return places
    # Each hyperparameter with a shift of its own: else all points of a cell would lie on a diagonal.
    steps = np.array([trial.id for trial in trials]) * GOLDEN_RATIO + len(name) * GOLDEN_RATIO**2 * 0.7
    return places + 0.6 / scale.listed * ((steps * (1 + len(name) % 3)) % 1 - 0.5)
