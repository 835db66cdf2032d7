"""How far two arrays are apart, and when that is more than round-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FORWARD_TOLERANCE = 5e-5
"""Between the outputs of one layer in float32 on two frameworks, of the largest of them."""
LOSS_TOLERANCE = 1e-5
"""Between the losses of the same predictions, of the larger one."""
GRADIENT_TOLERANCE = 2e-4
"""Between the gradients of most numbers of a parameter (see `mostly`), of the largest one."""
UPDATE_TOLERANCE = 1e-3
"""Between the changes that one step makes, of the largest change of that parameter."""
# Where one ReLU flips, a gradient of a deep net differs by up to 9e-3 of its largest value, between float32
# and float64 of one framework, too; such numbers are few.
MOST = 0.9
"""The share of differences that `mostly` looks at."""
ULPS = 4
"""Units in the last place by which a change may be off, as the difference of two rounded weights."""


@dataclass(frozen=True)
class Difference:
    """Where original and port differ first.

    Attributes:
        rung: of the ladder.
        where: the layer or parameter, by its names in both.
        text: what was found there, with numbers.
        size: the largest difference, of the largest value; NaN where shapes or kinds differ.
    """

    rung: str
    where: str
    text: str
    size: float = float("nan")

    def __str__(self) -> str:
        return f"{self.rung}, {self.where}: {self.text}"


def relative(original: Array, port: Array, *, floor: float = 0.0) -> float:
    """The largest difference as a share of the largest value; infinite where one holds NaN and the other not.

    Args:
        original: any shape.
        port: of the same shape.
        floor: a lower bound of the largest value.
    """
    if original.size == 0:
        return 0.0
    first, second = np.asarray(original, np.float64), np.asarray(port, np.float64)
    if not np.array_equal(np.isfinite(first), np.isfinite(second)):
        return float("inf")
    # Both have theirs in the same places: the other numbers are compared.
    first, second = np.nan_to_num(first), np.nan_to_num(second)
    scale = max(np.abs(first).max(), np.abs(second).max(), floor)
    return float(np.abs(first - second).max() / scale) if scale > 0 else 0.0


def mostly(original: Array, port: Array, *, floor: float = 0.0) -> float:
    """As `relative`, of all differences but the largest tenth.

    A unit that rounding switches on in one framework and off in the other changes few gradients, a mistake
    most.
    """
    first, second = np.asarray(original, np.float64), np.asarray(port, np.float64)
    scale = max(np.abs(first).max(initial=0), np.abs(second).max(initial=0), floor)
    return float(np.quantile(np.abs(first - second), MOST) / scale) if first.size and scale > 0 else 0.0


def alike(original: Array, port: Array, tolerance: float) -> bool:
    """Whether two arrays have one shape and are no further apart than `tolerance`."""
    return original.shape == port.shape and relative(original, port) <= tolerance


def rounding_floor(weights: Array, tolerance: float) -> float:
    """The floor for changes with which a difference of `ULPS` units of float32 weights is still tolerated."""
    if weights.size == 0:
        return 0.0
    return float(ULPS * np.spacing(np.float32(np.abs(np.nan_to_num(weights)).max())) / tolerance)
