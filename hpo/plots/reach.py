"""How far the axes of a figure reach, and what becomes of the numbers beyond."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hpo.plots.words import cut
from hpo.study.numbers import counted

FURTHEST = 1e150
"""Beyond this size, or below one over it, its margins, ticks and powers of ten are no floats any more."""

LOG_RATIO = 1000
"""Positive values that differ by more than this factor get a logarithmic scale."""

_FENCE = 3.0
"""Numbers further from the quartiles than so many times their distance may be cut off."""

_WRECKED, _WRECKED_LOG = 10.0, 3.0
"""They are where the axis would be so many times as long with them, on a linear and a logarithmic scale."""

_FEW, _FEW_SHARE = 10, 0.05
"""And where they are so few, or so small a share of all numbers."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """What an axis shows: few extreme numbers are cut off, so that the others can be told apart.

    Attributes:
        low: the smallest number in its place; minus infinity if nothing is cut off there.
        high: the largest one.
        is_log: whether the scale is logarithmic.
    """

    low: float = -math.inf
    high: float = math.inf
    is_log: bool = False

    def drawn(self, numbers: ArrayLike) -> Floats:
        """The numbers as they are drawn: what is beyond stands at the end."""
        return np.asarray(np.clip(within(numbers), self.low, self.high))

    def beyond(self, numbers: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which numbers are below what is shown, and which above."""
        given = within(numbers)
        return given < self.low, given > self.high

    def notes(self, numbers: ArrayLike) -> list[str]:
        """What to say of the numbers beyond; empty if there are none."""
        below, above = self.beyond(numbers)
        parts = ((int(above.sum()), f"above {self.high:.4g}"), (int(below.sum()), f"below {self.low:.4g}"))
        return [f"{counted(count, 'value')} {limit}, drawn at the edge" for count, limit in parts if count]

    def label(self, name: str, numbers: ArrayLike) -> str:
        """What to write at an axis: the name, and what is not drawn where it is."""
        return "\n".join([axis_label(name, self.drawn(numbers)), *self.notes(numbers)])


def span_of(numbers: ArrayLike, *, is_log: bool | None = None) -> Span:
    """What an axis should show of these numbers.

    A few are cut off where the others would fall into one line: at most ten or one of twenty, and at each end
    a quarter of them.

    Args:
        numbers: what there is to show; only the finite ones count.
        is_log: whether the scale is logarithmic; by default where positive numbers differ very much.

    Example:
        >>> span_of([0.3, 0.5, 0.4, 0.7, 1e9])
        Span(low=-inf, high=0.7, is_log=False)
        >>> span_of([0.3, 0.5, 0.4, 0.7, 0.9])
        Span(low=-inf, high=inf, is_log=False)
    """
    given = within(numbers)
    ordered = np.sort(given[np.isfinite(given)])
    chosen, is_log = is_log, needs_log(ordered) if is_log is None else is_log
    scaled = np.log10(ordered) if is_log else ordered
    if len(scaled) < 4:
        return Span(is_log=is_log)
    low, high = scaled[math.ceil(0.25 * (len(scaled) - 1))], scaled[math.floor(0.75 * (len(scaled) - 1))]
    fence = _FENCE * (high - low)
    kept = ordered[(scaled >= low - fence) & (scaled <= high + fence)]
    # Of equal numbers there is nothing to tell apart.
    width = float(np.ptp(np.log10(kept) if is_log else kept))
    is_wrecked = float(np.ptp(scaled)) >= (_WRECKED_LOG if is_log else _WRECKED) * width
    if not width or not is_wrecked or len(ordered) - len(kept) > max(_FEW, _FEW_SHARE * len(ordered)):
        return Span(is_log=is_log)
    return Span(
        low=float(kept[0]) if ordered[0] < kept[0] else -math.inf,
        high=float(kept[-1]) if ordered[-1] > kept[-1] else math.inf,
        is_log=needs_log(kept) if chosen is None else chosen,
    )


def needs_log(values: Floats) -> bool:
    """Whether values are positive and of very different size."""
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() > LOG_RATIO * finite.min())


def within(numbers: ArrayLike) -> Floats:
    """Numbers that Matplotlib can compute with: those too large or too close to 0 at the reach's end."""
    given = np.asarray(numbers, dtype=np.float64)
    size = np.clip(np.abs(given), 1 / FURTHEST, FURTHEST)
    return np.asarray(np.where(np.isfinite(given) & (given != 0), np.copysign(size, given), given))


def axis_label(name: str, numbers: ArrayLike) -> str:
    """What to write at an axis: the name, and what Matplotlib cannot draw where it is.

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
    return f"{cut(name)} ({', '.join(notes)})" if notes else cut(name)
