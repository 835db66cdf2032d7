"""The figure that all kinds are drawn in, and how a notebook shows it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

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


class PlainNumbers(Formatter):
    """Writes each number in full, with as many digits as tell it from the next one.

    Matplotlib would write what the numbers have in common above the axis, where the key is.
    """

    def __call__(self, number: float, place: int | None = None) -> str:
        """One number, as where the pointer is."""
        return self.fix_minus(f"{number:.6g}")

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """All numbers of an axis."""
        numbers = [float(value) for value in values]
        step = min((abs(later - number) for number, later in pairwise(numbers)), default=0.0)
        labels: list[str] = []
        for digits in range(1, 17):
            labels = [f"{number:.{digits}g}" for number in numbers]
            pairs = zip(labels, numbers, strict=True)
            if all(abs(float(label) - number) <= 0.01 * step for label, number in pairs):
                break
        return [self.fix_minus(_without_exponent(label)) for label in labels]


def _without_exponent(label: str) -> str:
    """A number without an exponent, where it is not far from 1."""
    number = float(label)
    return f"{number:.0f}" if "e" in label and 1 <= abs(number) < 1e6 else label
