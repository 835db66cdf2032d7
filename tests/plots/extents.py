"""What is written in a figure and where, as it is drawn."""

from __future__ import annotations

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

TOLERANCE = 1.0
"""Pixels: what is drawn is rounded to these."""


def headline(figure: Figure) -> str:
    """What stands above a figure."""
    return figure.texts[0].get_text()


def written(figure: Figure) -> list[tuple[str, Bbox]]:
    """All texts of a drawn figure, and its legends as one each, with their places in pixels."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    figure.draw_without_rendering()
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]  # Matplotlib has no type for it
    legends = [legend for ax in figure.axes if isinstance(legend := ax.get_legend(), Legend)]
    inside = {text for legend in legends for text in legend.get_texts()}
    found = [(f"legend {i}", legend.get_window_extent(renderer)) for i, legend in enumerate(legends)]
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                # Matplotlib keeps labels of ticks that it does not draw, beyond the ends of the axis.
                if not low <= tick.get_loc() <= high or not ax.axison:
                    inside.add(tick.label1)
                inside.add(tick.label2)
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_visible() and text.get_text().strip() and text not in inside:
            found.append((text.get_text(), text.get_window_extent(renderer)))
    return found


def misplaced(figure: Figure) -> list[str]:
    """What lies over each other, and what is written beyond the edges of the figure."""
    found = written(figure)
    width, height = figure.bbox.size
    inner = [(said, box.padded(-TOLERANCE)) for said, box in found]
    return [
        f"{one!r} lies over {other!r}"
        for (one, first), (other, second) in combinations(inner, 2)
        if min(first.width, first.height, second.width, second.height) > 0 and first.overlaps(second)
    ] + [
        f"{said!r} is not inside"
        for said, box in inner
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
