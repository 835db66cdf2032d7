"""What all figures share: their size, their colours, their headline and their key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpo.plots.words import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

# Okabe and Ito's palette: apart for every kind of colour vision, and dark to light in grey print.
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
BLACK = "#000000"
GREY = "#7F7F7F"
EARLY_GREY = "#A6A6A6"
"""Of trials that were not trained in full."""
GRID_GREY = "#D9D9D9"

PANEL_INCHES = (4.8, 3.6)
PANELS_IN_A_ROW = 3
SINGLE_SCALE = (1.25, 1.1)
"""A single panel is larger, so that its title and key have room."""

MANY = 400
"""So many points hide each other."""

_LETTERS_OF_A_TITLE, _LETTERS_OF_A_KEY = 10, 13
"""To the inch, in the sizes of their fonts."""
_SEEN = 16.0
"""The least size of a point in a key."""
_HANDLE = 6
"""What the mark of an entry takes beside its text, in letters."""


def panels(count: int, *, in_a_row: int = PANELS_IN_A_ROW) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels with one scale of values, without the state that pyplot keeps."""
    rows = math.ceil(count / in_a_row)
    columns = math.ceil(count / rows)
    across, down = (columns, rows) if count > 1 else SINGLE_SCALE
    figure = sheet(across * PANEL_INCHES[0], down * PANEL_INCHES[1])
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def sheet(width: float, height: float) -> Figure:
    """An empty figure of so many inches, whose parts make room for each other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from hpo.plots.figure import Drawing

    # Not from pyplot, which keeps every figure alive and may want a display.
    figure = Drawing(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def size(largest: float, count: int) -> float:
    """How large points are of which there are so many, as `Axes.scatter` takes it."""
    return max(3.0, largest * min(1.0, math.sqrt(MANY / 2 / max(count, 1))))


def whole_numbers() -> MaxNLocator:
    """Places the ticks of what is counted; of one thing there is one tick."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)


def stairs(ax: Axes, up: NDArray[np.float64], **looks: Any) -> None:
    """Draw what there was after 1, 2, ... trials as a line of steps, and what there was once as a dash.

    Args:
        ax: where.
        up: the heights, shape (n,); NaN where there is none.
        looks: as for `Axes.plot`.
    """
    # A line of one point would not be seen.
    mark = "_" if np.isfinite(up).sum() == 1 else None
    ax.plot(np.arange(1, len(up) + 1), up, drawstyle="steps-post", marker=mark, **looks)


def plain_frame(ax: Axes) -> None:
    """A light grid behind the data, no lines above and to the right of it, and plain numbers at the ticks."""
    from hpo.plots.figure import PlainNumbers
    from hpo.plots.roomy import RoomyLocator

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PlainNumbers())
    ax.xaxis.set_major_locator(RoomyLocator())
    ax.set_axisbelow(True)
    ax.grid(color=GRID_GREY, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def headline(figure: Figure, name: str, said: str) -> None:
    """Write above a figure of which study it is and what it says."""
    letters = int(_LETTERS_OF_A_TITLE * figure.get_size_inches()[0])
    figure.suptitle(f"{cut(name, max(12, letters - len(said) - 2))}: {said}", fontsize="medium")


def key(ax: Axes, handles: Sequence[Any] | None = None, *, of: Axes | None = None) -> None:
    """Explain the marks above the axes, where nothing is drawn that the key could hide.

    Args:
        ax: above which.
        handles: what is explained; by default all that was drawn with a label.
        of: the axes whose marks these are, where they are others.
    """
    marks: list[Any] = list(handles) if handles is not None else (of or ax).get_legend_handles_labels()[0]
    if not marks:
        return
    spec = ax.get_subplotspec()
    columns = 1 if spec is None else spec.get_gridspec().ncols
    letters = int(_LETTERS_OF_A_KEY * ax.get_figure().get_size_inches()[0] * 0.85 / columns)  # type: ignore[union-attr]  # drawn axes have a figure
    labels = [cut(mark.get_label(), letters - _HANDLE) for mark in marks]
    legend = ax.legend(
        marks,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.02),
        borderaxespad=0.0,
        ncols=_columns([len(label) + _HANDLE for label in labels], letters),
        fontsize="small",
        frameon=False,
    )
    # Until Matplotlib 3.7 they had another name. The points of thousands are too small for a key.
    name = "legend_handles" if hasattr(legend, "legend_handles") else "legendHandles"
    for mark, handle in zip(marks, getattr(legend, name), strict=True):
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([max(_SEEN, *handle.get_sizes())])
            if mark.get_array() is not None:  # its colours are explained by a bar, and here it would have one
                handle.set(array=None, color=GREY)


def _columns(lengths: Sequence[int], room: int) -> int:
    """The most columns that entries of these lengths fit into, filled one column after the other."""
    for count in range(len(lengths), 1, -1):
        rows, longer = divmod(len(lengths), count)
        # As Matplotlib deals them out: the first columns have one more.
        ends = [rows * column + min(column, longer) for column in range(count + 1)]
        if sum(max(lengths[begin:end]) for begin, end in pairwise(ends)) <= room:
            return count
    return 1
