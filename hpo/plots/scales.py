"""Maps the values of a hyperparameter to the unit interval, for figures with several such axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hpo.plots.decades import round_numbers
from hpo.plots.positions import is_log
from hpo.plots.reach import Span, span_of
from hpo.space import Domain, Scalar
from hpo.space.choices import Listed
from hpo.study.tables import shown

_MOST_TICKS = 6


class Scale:
    """The places of values between 0 and 1, and the labels there.

    Args:
        domain: of the hyperparameter. The scale has its range or, where that has no end, that of the values.
        values: the values to show, at least one.

    Attributes:
        listed: the number of values that the domain lists, each with a place of its own; 0 for a range.
    """

    def __init__(self, domain: Domain, values: Sequence[Scalar]) -> None:
        self._domain = domain
        self.listed = len(domain.listed) if isinstance(domain, Listed) else 0
        self._span, self._numbers = Span(), []
        if self.listed:
            return
        self._is_log = is_log(domain)
        self._numbers = [float(value) for value in values]  # type: ignore[arg-type]  # a range is of numbers
        low, high = domain.bounds or (-math.inf, math.inf)
        if not (_is_finite(low) and _is_finite(high)):
            self._span = span_of(self._numbers, is_log=self._is_log and min(self._numbers) > 0)
        numbers = self._cut(self._numbers)
        ends = [
            float(bound) if _is_finite(bound) and (not self._is_log or float(bound) > 0) else seen  # type: ignore[arg-type]  # numbers
            for bound, seen in ((low, float(numbers.min())), (high, float(numbers.max())))
        ]
        self._low, self._high = (self._moved(end) for end in ends)

    def places(self, values: Sequence[Scalar]) -> NDArray[np.float64]:
        """Where the values lie, shape (n,)."""
        if isinstance(self._domain, Listed):
            return np.array([(self._domain.index(value) + 0.5) / self.listed for value in values])
        width = self._high - self._low
        numbers = [float(value) for value in values]  # type: ignore[arg-type]  # numbers
        moved = np.array([self._moved(number) for number in self._cut(numbers)])
        return (moved - self._low) / width if width > 0 else np.full(len(values), 0.5)

    def cells(self, count: int) -> NDArray[np.float64]:
        """The middles of cells that cover the scale: one for each listed value, or so many of a range."""
        count = self.listed or count
        return (np.arange(count) + 0.5) / count

    def values(self, places: NDArray[np.float64]) -> list[Scalar]:
        """What lies at places of the scale, shape (n,): listed values, or numbers of the range."""
        if isinstance(self._domain, Listed):
            listed = self._domain.listed
            return [listed[min(int(place * self.listed), self.listed - 1)] for place in places]
        return [self._back(self._low + place * (self._high - self._low)) for place in places.tolist()]

    def notes(self) -> list[str]:
        """What to say of values that are drawn at an end of the scale; empty if all are in their places."""
        return self._span.notes(self._numbers)

    def ticks(self) -> tuple[list[float], list[str]]:
        """The places of the ticks, and their labels."""
        if isinstance(self._domain, Listed):
            step = math.ceil(self.listed / 12)
            values: list[Scalar] = list(self._domain.listed[::step])
            return self.places(values).tolist(), [shown(value) for value in values]
        if self._high <= self._low:
            return [0.5], [shown(self._back(self._low))]
        numbers = self._round_numbers()
        return self.places(numbers).tolist(), [f"{number:g}" for number in numbers]

    def _round_numbers(self) -> list[float]:
        from matplotlib.ticker import MaxNLocator

        low, high = self._low, self._high
        if self._is_log and high - low >= 2:
            step = math.ceil((high - low) / _MOST_TICKS)
            return [10.0**power for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1, step)]
        if self._is_log:
            for _, numbers in round_numbers(self._back(low), self._back(high)):
                if 2 < len(numbers) <= _MOST_TICKS:
                    return numbers
            return [float(f"{self._back(place):.2g}") for place in np.linspace(low, high, 4)]
        whole = self._domain.is_discrete
        found = MaxNLocator(_MOST_TICKS, integer=whole).tick_values(self._back(low), self._back(high))
        return [float(n) for n in found if low - 1e-9 <= self._moved(float(n)) <= high + 1e-9]

    def _cut(self, numbers: Sequence[float]) -> NDArray[np.float64]:
        # Not as far as figures reach: these places are between 0 and 1 anyway.
        return np.asarray(np.clip(numbers, self._span.low, self._span.high))

    def _moved(self, number: float) -> float:
        # A lognorm has 0 as a value, and the locator offers it as a tick.
        return math.log10(max(number, 1e-300)) if self._is_log else number

    def _back(self, place: float) -> float:
        return float(10.0**place) if self._is_log else place


def _is_finite(bound: Scalar) -> bool:
    return isinstance(bound, (int, float)) and math.isfinite(bound)
