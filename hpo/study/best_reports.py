"""The best report of each trial, known as the log grows."""

from __future__ import annotations

import math
from array import array

_NONE = -1


class BestReports:
    """Keeps of each trial its best finite report, the earliest of equal ones."""

    def __init__(self) -> None:
        # Arrays and not lists: 12 bytes a trial.
        self._values = array("d")
        self._places = array("i")

    def start(self) -> None:
        """Take in a new trial, the one of the next id."""
        self._values.append(math.inf)
        self._places.append(_NONE)

    def take(self, trial: int, value: float, place: int) -> None:
        """Take in a report.

        Args:
            trial: whose it is.
            value: the value of the metric, signed so that small is good.
            place: the number of its event.
        """
        # False for NaN and infinity.
        if value < self._values[trial] and math.isfinite(value):
            self._values[trial], self._places[trial] = value, place

    def value(self, trial: int) -> float:
        """The best value; infinity before the first finite report."""
        return self._values[trial]

    def place(self, trial: int) -> int | None:
        """The number of its event; None before the first finite report."""
        place = self._places[trial]
        return None if place == _NONE else place
