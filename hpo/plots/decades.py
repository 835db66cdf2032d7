"""Logarithmic horizontal axes, whose labels stand beside each other and so need room."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_DECADES = 2000
"""Up to this ratio of its ends an axis has labels within the decades, too."""
LONGEST_LABELS = 40
"""Characters of all labels of an axis together."""


def log_across(ax: Axes, low: float, high: float) -> None:
    """Make the horizontal axis logarithmic, and label as many round numbers of each decade as fit.

    Matplotlib would label all of them, over each other, or too few.

    Args:
        ax: where.
        low: the smallest number on the axis; nothing but the powers of ten is labelled if it is not positive.
        high: the largest one.
    """
    from matplotlib.ticker import MaxNLocator, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
    if not 0 < low < high < FEW_DECADES * low:
        return
    ranges = [numbers for _, numbers in round_numbers(low, high) if len(numbers) > 1 and _fit(numbers)]
    # Where no two round numbers are, or not two that fit, the numbers are evenly spaced.
    numbers = (
        ranges[0]
        if ranges
        else [each for each in MaxNLocator(4).tick_values(low, high) if low <= each <= high]
    )
    ax.set_xticks(numbers, [f"{each:g}" for each in numbers])


def _fit(numbers: list[float]) -> bool:
    return sum(len(f"{each:g}") + 2 for each in numbers) <= LONGEST_LABELS


def round_numbers(low: float, high: float) -> Iterator[tuple[tuple[float, ...], list[float]]]:
    """Round numbers of each decade between two bounds: first 1, 2 and 5, then 1 and 3, then 1 alone.

    Yields:
        The digits, and all numbers that begin with them.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        numbers = [float(f"{digit:g}e{power}") for power in powers for digit in digits]
        yield digits, [number for number in numbers if low <= number <= high]
