"""A picture of a comparison."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hpo.compare.comparison import Comparison
from hpo.compare.results import counted
from hpo.compare.verdicts import Row, is_number
from hpo.plots.canvas import BLACK, BLUE, GREEN, VERMILION, plain_frame
from hpo.study.tables import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (BLUE, VERMILION, GREEN, BLACK)
MARKERS = ("o", "s", "^", "D")
PANEL_INCHES = (5.2, 4.2)
BAND_GREY = "#E4E4E4"
SPREAD = 0.36
"""Over how much of the place between two configs the backends are spread."""


def picture(comparison: Comparison) -> Figure:
    """Draw the value of each config on each backend, and their differences from the reference.

    Configs stand in the order of the reference's values. Beside the differences a grey band shows what
    round-off explains; a config that gave no number stands at the upper border.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Without pyplot, which would choose a backend of its own and keep the figure alive.
    figure = Figure(figsize=(2 * PANEL_INCHES[0], PANEL_INCHES[1]), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    order = sorted(
        range(len(comparison.rows)),
        key=lambda number: _or_infinite(comparison.rows[number].values[comparison.reference]),
    )
    _draw_values(left, comparison, order)
    _draw_differences(right, comparison, order)
    for panel in (left, right):
        plain_frame(panel)
        panel.set_xticks(range(len(order)), [str(number) for number in order])
        panel.set_xlim(-0.5, len(order) - 0.5)
        panel.set_xlabel("config")
    word = "the same" if comparison.agrees else "not the same, or not finished"
    figure.suptitle(f"{comparison.name}: {counted(len(order))}, {word}", fontsize="medium")
    return figure


def _draw_values(ax: Axes, comparison: Comparison, order: list[int]) -> None:
    names = list(comparison.results)
    for place, name in enumerate(names):
        values = [comparison.rows[number].values[name] for number in order]
        _marks(ax, values, _offset(place, len(names)), place, name)
    ax.set_ylabel(comparison.metric)
    ax.set_title("on each backend", fontsize="medium")
    ax.legend(fontsize="small", framealpha=0.9)


def _draw_differences(ax: Axes, comparison: Comparison, order: list[int]) -> None:
    rows = [comparison.rows[number] for number in order]
    reference, names = comparison.reference, list(comparison.results)
    shown_values = {name: [_difference(row, name, reference) for row in rows] for name in names}
    finite = [row.allowed for row in rows if math.isfinite(row.allowed)]
    finite += [
        abs(value)
        for values in shown_values.values()
        for value in values
        if value is not None and is_number(value)
    ]
    top = 2 * max(finite, default=comparison.tolerance)
    # Where a twin came to no number at all, every difference is explained.
    allowed = np.array([min(row.allowed, top) for row in rows])
    bars: dict[str, Any] = {"width": 0.9, "color": BAND_GREY, "label": "round-off explains"}
    ax.bar(range(len(rows)), 2 * allowed, bottom=-allowed, **bars)
    for place, name in enumerate(names):
        if name != reference:
            _marks(ax, shown_values[name], _offset(place, len(names)), place, name)
    ax.axhline(0, color=BLACK, linewidth=0.8)
    # Differences have both signs and many orders of magnitude.
    ax.set_yscale("symlog", linthresh=max(comparison.tolerance, 1e-6))
    ax.set_ylim(-top, top)
    ax.set_ylabel(f"difference of {comparison.metric} from {reference}")
    ax.set_title(f"the largest is {shown(_largest(comparison))}", fontsize="medium")
    ax.legend(fontsize="small", framealpha=0.9)


def _difference(row: Row, name: str, reference: str) -> float | None:
    """What is drawn: None for nothing, NaN where only one of the two is a number."""
    mine, other = row.values[name], row.values[reference]
    if mine is None or other is None:
        return None
    if is_number(mine) and is_number(other):
        return mine - other
    return 0.0 if is_number(mine) == is_number(other) else math.nan


def _marks(ax: Axes, values: list[float | None], offset: float, place: int, name: str) -> None:
    """A mark for each value; a cross at the upper border for one that is no number."""
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    there = [
        (at + offset, value) for at, value in enumerate(values) if value is not None and is_number(value)
    ]
    ax.scatter(
        [at for at, _ in there],
        [value for _, value in there],
        s=30,
        color=colour,
        marker=marker,
        label=name,
        zorder=3,
    )
    failed = [at + offset for at, value in enumerate(values) if value is not None and not is_number(value)]
    if failed:
        ax.scatter(
            failed,
            [1.0] * len(failed),
            transform=ax.get_xaxis_transform(),
            clip_on=False,
            s=42,
            marker="x",
            color=colour,
            zorder=4,
        )


def _offset(place: int, count: int) -> float:
    return SPREAD * (place / max(1, count - 1) - 0.5)


def _largest(comparison: Comparison) -> float:
    return max((row.difference for row in comparison.rows if row.difference is not None), default=0.0)


def _or_infinite(value: float | None) -> float:
    return value if value is not None and is_number(value) else float("inf")
