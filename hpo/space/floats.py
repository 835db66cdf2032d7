"""Real numbers of a closed range, uniform or uniform in the logarithm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo.errors import SpaceError
from hpo.space.domain import UNIT_HIGH, UNIT_LOW, Domain, clipped
from hpo.space.values import Scalar, real_number


@dataclass(frozen=True, repr=False)
class Float(Domain):
    """A real number in [low, high].

    Args:
        low: the lowest value; above 0 if `log`.
        high: the highest value, at least `low`. Equal bounds make a domain of one point.
        log: uniform in the logarithm, which gives each decade the same share: right for learning
            rates and for penalties.
        default: the value where none was chosen.

    Example:
        >>> Float(1e-4, 1, log=True).decode([0.5])
        [0.01]

    Raises:
        SpaceError: a bound is no finite number, `low` is above `high`, `low` is at most 0 with `log`,
            the range is so wide that floating-point numbers overflow, or the default is outside of it.
    """

    kind: ClassVar[str] = "float"

    low: float
    high: float
    log: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        low = real_number(self.low, "The lower bound of a Float")
        high = real_number(self.high, "The upper bound of a Float")
        check_log_flag(self.log)
        check_order(low, high, "Float")
        if self.log and low <= 0:
            raise SpaceError(
                f"A Float with log=True needs a lower bound above 0; received low={low!r}. "
                "Raise it, or use log=False."
            )
        if not math.isfinite(high / low if self.log else high - low):
            raise SpaceError(
                f"The range from {low!r} to {high!r} is wider than floating-point numbers span; narrow it."
            )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        super().__post_init__()

    @property
    def is_discrete(self) -> bool:
        """Always `False`."""
        return False

    @property
    def is_ordered(self) -> bool:
        """Always `True`."""
        return True

    @property
    def bounds(self) -> tuple[float, float]:
        """`(low, high)`."""
        return self.low, self.high

    @property
    def size(self) -> float:
        """Infinity, or 1 where the bounds are equal."""
        return 1 if self.low == self.high else math.inf

    @property
    def expected(self) -> str:
        """For messages: `a number from 0.0 to 1.0`."""
        return f"a number from {self.low!r} to {self.high!r}"

    def validate(self, value: object) -> float:
        """Return `value` as a `float`; an `int` and a NumPy scalar are taken.

        Raises:
            SpaceError: it is no number or outside of [low, high].
        """
        if type(value) is float and self.low <= value <= self.high:
            return value  # the usual case: no name is made for a message that is not shown
        number = real_number(value, f"The value of {self!r}")
        if not self.low <= number <= self.high:
            raise SpaceError(
                f"Expected {self.expected}; received {number!r}. Widen the domain or change the value."
            )
        return number

    def quantiles(self, unit: NDArray[np.float64]) -> list[Scalar]:
        """Quantiles; the two ends of the clipped unit interval give the bounds themselves."""
        if not self.log:
            values = self.low + unit * (self.high - self.low)
        else:
            # Python's power and not NumPy's, whose last bits depend on the version and the processor.
            ratio = self.high / self.low
            values = np.array([self.low * ratio**point for point in unit.tolist()], dtype=np.float64)
        values[unit <= UNIT_LOW] = self.low
        values[unit >= UNIT_HIGH] = self.high
        # A power of the rounded ratio of a narrow range may come out above `high`.
        inside: list[Scalar] = clipped(values, self.low, self.high).tolist()
        return inside

    def positions(self, values: Sequence[float]) -> NDArray[np.float64]:
        """The cdf; 0.5 for the only value of a domain of one point."""
        if self.low == self.high:
            return np.full(len(values), 0.5)
        if not self.log:
            return (np.array(values, dtype=np.float64) - self.low) / (self.high - self.low)
        width = math.log(self.high / self.low)
        # Of quotients, as in `quantiles`: a difference of two logarithms would lose digits near `low`.
        return np.array([math.log(value / self.low) / width for value in values], dtype=np.float64)


def check_log_flag(log: object) -> None:
    """Refuse a `log` that is no `bool`: a base such as 10 would silently count as true."""
    if not isinstance(log, bool):
        raise SpaceError(f"log is True or False; received {log!r}.")


def check_order(low: float, high: float, what: str) -> None:
    """Refuse bounds in the wrong order."""
    if low > high:
        raise SpaceError(
            f"The lower bound of {what}({low!r}, {high!r}) is above the upper one; "
            f"write {what}({high!r}, {low!r})."
        )
