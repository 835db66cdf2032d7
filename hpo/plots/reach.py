"""How far the axes of a figure reach: Matplotlib cannot compute with the largest and the smallest numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FURTHEST = 1e150
"""Beyond this size, or below one over it, its margins, ticks and powers of ten are no floats any more."""


def within(numbers: ArrayLike) -> NDArray[np.float64]:
    """The numbers as they are drawn: finite ones that are too large or too close to 0 at the reach's end."""
    given = np.asarray(numbers, dtype=np.float64)
    size = np.clip(np.abs(given), 1 / FURTHEST, FURTHEST)
    return np.asarray(np.where(np.isfinite(given) & (given != 0), np.copysign(size, given), given))


def axis_label(name: str, numbers: ArrayLike) -> str:
    """What to write at an axis: the name, and what is not drawn where it is.

    Args:
        name: of what the axis shows.
        numbers: what it shows; only the finite ones count.
    """
    given: NDArray[Any] = np.asarray(numbers, dtype=np.float64)
    size = np.abs(given[np.isfinite(given) & (given != 0)])
    notes = []
    if (size >= FURTHEST).any():
        notes.append(f"beyond {FURTHEST:g} at {FURTHEST:g}")
    if (size <= 1 / FURTHEST).any():
        notes.append(f"below {1 / FURTHEST:g} at {1 / FURTHEST:g}")
    return f"{name} ({', '.join(notes)})" if notes else name
