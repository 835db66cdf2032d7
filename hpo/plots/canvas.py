"""What all figures share: their size, their colours, their canvas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette: apart for every kind of colour vision, and dark to light in grey print.
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
BLACK = "#000000"
GRID_GREY = "#D9D9D9"

PANEL_INCHES = (4.8, 3.6)
PANELS_IN_A_ROW = 3
SINGLE_SCALE = (1.25, 1.1)
"""A single panel is larger, so that its title and legend have room."""


def panels(count: int) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels with one scale of values, without the state that pyplot keeps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from hpo.plots.drawing import Drawing

    rows = math.ceil(count / PANELS_IN_A_ROW)
    columns = math.ceil(count / rows)
    across, down = (columns, rows) if count > 1 else SINGLE_SCALE
    # Not from pyplot, which keeps every figure alive and may want a display.
    figure = Drawing(figsize=(across * PANEL_INCHES[0], down * PANEL_INCHES[1]), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def plain_frame(ax: Axes) -> None:
    """A light grid behind the data, and no lines above and to the right of it."""
    ax.set_axisbelow(True)
    ax.grid(color=GRID_GREY, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
