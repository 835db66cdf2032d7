"""Ticks of a horizontal axis of numbers, whose labels stand beside each other and so need room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.ticker import MaxNLocator

from hpo.plots.figure import PlainNumbers

_STEPS = [1, 2, 2.5, 5, 10]
_LETTERS = 4.5
"""Letters in the room that Matplotlib reckons for a tick, which is three times the size of the letters."""
_BETWEEN = 2
"""Letters between two labels."""


class RoomyLocator(MaxNLocator):
    """As many round numbers as Matplotlib would take, or as many as have room in full."""

    def __init__(self) -> None:
        super().__init__("auto", steps=_STEPS)

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """The places of the ticks, shape (n,)."""
        assert self.axis is not None
        room = _LETTERS * self.axis.get_tick_space()
        ticks = super().tick_values(vmin, vmax)
        for most in range(len(ticks) - 2, 0, -1):
            if _letters([tick for tick in ticks if vmin <= tick <= vmax]) <= room:
                break
            ticks = MaxNLocator(most, steps=_STEPS).tick_values(vmin, vmax)
        return ticks


def _letters(ticks: Sequence[float]) -> int:
    return sum(len(label) + _BETWEEN for label in PlainNumbers().format_ticks(ticks))
