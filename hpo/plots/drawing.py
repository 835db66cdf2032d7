"""The figure that all kinds are drawn in, and how a notebook shows it."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

_DOTS_PER_INCH = 160
_PIXELS_PER_INCH = 80
"""A notebook shows two dots of the picture for each of its own pixels, which is sharp on every screen."""


class Drawing(Figure):
    """A figure that a notebook shows as a picture, whether or not it has set Matplotlib up.

    Matplotlib registers how notebooks show figures when `pyplot` is imported there or `%matplotlib inline` is
    run. What is registered has precedence over the method below, so each figure is shown once.
    """

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=_DOTS_PER_INCH)
        width, height = self.get_size_inches() * _PIXELS_PER_INCH
        return picture.getvalue(), {"width": round(width), "height": round(height)}
