"""The marks of trials in a figure: stopped and failed ones, the best one, and those beyond its edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hpo.plots.canvas import BLACK, EARLY_GREY, VERMILION, size
from hpo.plots.reach import Span, within
from hpo.study.trial import Direction, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def early_label(trials: Sequence[Trial]) -> str:
    """How a figure explains the mark of trials that a scheduler ended or lets wait."""
    return f"stopped or paused, at its last epoch ({len(trials)})"


def early_looks(trials: Sequence[Trial]) -> dict[str, Any]:
    """How a figure draws the marks of trials that a scheduler ended or lets wait, as `scatter` takes it."""
    return {
        "s": size(16, len(trials)),
        "marker": "D",
        "color": EARLY_GREY,
        "label": early_label(trials),
    }


def cross_out(ax: Axes, places: Sequence[float], direction: Direction) -> None:
    """Mark failed trials by crosses at the border of the bad values.

    Args:
        ax: where.
        places: where each stands on the horizontal axis.
        direction: which values are bad.
    """
    if not places:
        return
    # In the axes' own height: 1 is the upper border, whatever the values are.
    border = 1.0 if direction is Direction.MINIMIZE else 0.0
    ax.scatter(
        places,
        [border] * len(places),
        transform=ax.get_xaxis_transform(),
        clip_on=False,
        s=42,
        marker="x",
        color=BLACK,
        linewidths=1.4,
        label=f"failed ({len(places)})",
        zorder=4,
    )


def star(
    ax: Axes,
    x: float,
    y: float,
    spans: tuple[Span, Span] = (Span(), Span()),
    *,
    s: float = 170,
    label: str = "best",
) -> None:
    """Mark the best trial; one beyond what the axes show stands where that ends.

    Args:
        ax: where.
        x: its place across.
        y: its height.
        spans: what the two axes show.
        s: how large the mark is, as for `Axes.scatter`.
        label: how the key explains it.
    """
    across, up = spans[0].drawn([x]), spans[1].drawn([y])
    ax.scatter(across, up, s=s, marker="*", color=VERMILION, edgecolors=BLACK, label=label, zorder=4)


def points(
    ax: Axes,
    x: ArrayLike,
    y: ArrayLike,
    spans: tuple[Span, Span],
    *,
    c: ArrayLike | None = None,
    **looks: Any,
) -> None:
    """Draw the points that are within what the axes show; `edges` marks the others.

    Args:
        ax: where.
        x: their places across, shape (n,).
        y: their heights, shape (n,).
        spans: what the two axes show.
        c: numbers to be shown as colours, shape (n,).
        looks: as for `Axes.scatter`.
    """
    places, beyond = _placed(x, y, spans)
    inside = ~np.logical_or.reduce([side for axis in beyond for side in axis])
    if c is not None:
        looks["c"] = np.asarray(c)[inside]
    ax.scatter(places[inside, 0], places[inside, 1], **looks)


def edges(ax: Axes, x: ArrayLike, y: ArrayLike, spans: tuple[Span, Span]) -> None:
    """Mark all points beyond what the axes show by triangles at the edge, which the key counts.

    Args:
        ax: where.
        x: the places of all points across, shape (n,).
        y: their heights, shape (n,).
        spans: what the two axes show.
    """
    places, beyond = _placed(x, y, spans)
    left = np.ones(len(places), dtype=bool)
    for column, marks in ((1, "v^"), (0, "<>")):
        for side, mark in enumerate(marks):
            chosen = beyond[column][side] & left
            left &= ~chosen
            if chosen.any():
                _at_the_edge(ax, places[chosen], spans[column], column, side, mark)


def _placed(x: ArrayLike, y: ArrayLike, spans: tuple[Span, Span]) -> tuple[Any, Any]:
    """Where points lie, shape (n, 2), and for each axis which are below and which above what it shows."""
    places = np.column_stack([within(x), within(y)])
    return places, [span.beyond(column) for span, column in zip(spans, places.T, strict=True)]


def _at_the_edge(
    ax: Axes, places: NDArray[np.float64], span: Span, column: int, side: int, mark: str
) -> None:
    """Mark points that lie beyond one side of the axes at the edge there."""
    transform = (ax.get_yaxis_transform(), ax.get_xaxis_transform())[column]
    at = places.copy()
    at[:, column] = side  # the edges of the axes are at 0 and 1
    [said] = span.notes(places[:, column])
    ax.scatter(
        at[:, 0],
        at[:, 1],
        transform=transform,
        clip_on=False,
        marker=mark,
        s=30,
        facecolors="none",
        edgecolors=VERMILION,
        label=said,
        zorder=4,
    )
