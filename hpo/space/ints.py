"""Integers of a closed range, uniform or nearly uniform in the logarithm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo.errors import SpaceError
from hpo.space.domain import Domain, clipped
from hpo.space.floats import check_log_flag, check_order
from hpo.space.values import Scalar, integer

# Numbers near 1 are 2^-53 apart; a step of 2^-48 leaves room for the rounding of a log and a power.
_NARROWEST_STEP = 2.0**-48
_LARGEST_INTEGER = 2**53


@dataclass(frozen=True, repr=False)
class Int(Domain):
    """An integer in {low, ..., high}.

    With `log`, a number is drawn uniformly in the logarithm from [low - 1/2, high + 1/2] and rounded. The
    share of k is then proportional to log((k + 1/2) / (k - 1/2)), about 1 / k, at the two ends too.

    Args:
        low: the lowest value; at least 1 if `log`.
        high: the highest value, included, at least `low`. Equal bounds make a domain of one point.
        log: nearly uniform in the logarithm: right for batch sizes and numbers of units.
        default: the value where none was chosen.

    Example:
        >>> Int(8, 256, log=True).decode([0.1, 0.5, 0.9])
        [11, 44, 180]

    Raises:
        SpaceError: a bound is no integer, `low` is above `high`, `low` is below 1 with `log`, there are
            more values than points of the unit interval to tell them apart, or the default is none of them.
    """

    kind: ClassVar[str] = "int"

    low: int
    high: int
    log: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        low = integer(self.low, "The lower bound of an Int")
        high = integer(self.high, "The upper bound of an Int")
        check_log_flag(self.log)
        check_order(low, high, "Int")
        if self.log and low < 1:
            raise SpaceError(
                f"An Int with log=True needs a lower bound of at least 1; received low={low}. "
                "Raise it, or use log=False."
            )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if max(abs(low), abs(high)) > _LARGEST_INTEGER or self._narrowest_step() < _NARROWEST_STEP:
            raise SpaceError(
                f"{self!r} holds more values than floating-point numbers can tell apart. "
                "Narrow it, or search the logarithm by an Int of exponents."
            )
        super().__post_init__()

    @property
    def is_discrete(self) -> bool:
        """Always `True`."""
        return True

    @property
    def is_ordered(self) -> bool:
        """Always `True`."""
        return True

    @property
    def bounds(self) -> tuple[int, int]:
        """`(low, high)`."""
        return self.low, self.high

    @property
    def size(self) -> int:
        """The number of integers."""
        return self.high - self.low + 1

    @property
    def expected(self) -> str:
        """For messages: `an integer from 1 to 6`."""
        return f"an integer from {self.low} to {self.high}"

    def validate(self, value: object) -> int:
        """Return `value` as an `int`; a NumPy integer is taken, a `float` is not.

        Raises:
            SpaceError: it is no integer or outside of the range.
        """
        if type(value) is int and self.low <= value <= self.high:
            return value  # the usual case: no name is made for a message that is not shown
        number = integer(value, f"The value of {self!r}")
        if not self.low <= number <= self.high:
            raise SpaceError(
                f"Expected {self.expected}; received {number}. Widen the domain or change the value."
            )
        return number

    def quantiles(self, unit: NDArray[np.float64]) -> list[Scalar]:
        """Quantiles."""
        if not self.log:
            numbers = np.floor(unit * self.size) + self.low
        else:
            # Python's power and not NumPy's, whose last bits depend on the version and the processor.
            start, ratio = self.low - 0.5, (self.high + 0.5) / (self.low - 0.5)
            numbers = np.array([math.floor(start * ratio**point + 0.5) for point in unit.tolist()], float)
        inside: list[Scalar] = clipped(numbers, self.low, self.high).astype(np.int64).tolist()
        return inside

    def positions(self, values: Sequence[int]) -> NDArray[np.float64]:
        """The middles of the values' steps of the cdf."""
        if not self.log:
            return (np.array(values, dtype=np.float64) - self.low + 0.5) / self.size
        return np.array([(self._cdf(value - 1) + self._cdf(value)) / 2 for value in values], dtype=np.float64)

    def _cdf(self, value: int) -> float:
        width = math.log((self.high + 0.5) / (self.low - 0.5))
        return math.log((value + 0.5) / (self.low - 0.5)) / width

    def _narrowest_step(self) -> float:
        if not self.log:
            return 1 / self.size
        return self._cdf(self.high) - self._cdf(self.high - 1)
