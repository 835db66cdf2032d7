"""Brings results at several fidelities to one scale, for a model to learn from all of them.

Under a scheduler most trials end early, at a rung. A model of the highest rung alone, as in BOHB (Falkner et
al. 2018), sees few trials, and copies them: its new trials wait below and do not change what it sees. A model
of each trial's last value compares epoch 1 with epoch 81.

Here the scale is that of the highest rung with enough trials. Trials that ended below are lifted to it: those
that went on say how values at one rung become values at the next.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpo.surrogates.penalties import penalties

_PRIOR_PAIRS = 3.0
"""The weight, in trials, of the prior that differences between trials stay the same at the next rung."""

_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Curve:
    """What one trial showed.

    Attributes:
        final: its result, small is good; None if it has not come to its own end.
        reports: epochs, ascending, and the finite values there.
        failed: whether it failed.
    """

    final: float | None = None
    reports: tuple[tuple[int, float], ...] = ()
    failed: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether it was cut off with something to show."""
        return self.final is None and not self.failed and bool(self.reports)

    @property
    def num_epochs(self) -> int:
        """How many epochs it trained, as far as it showed something."""
        return self.reports[-1][0] if self.reports else 0

    def at(self, epoch: int) -> float | None:
        """The value at an epoch, or just before it; None if the trial did not get there."""
        if not self.reports or self.reports[-1][0] < epoch:
            return None
        place = bisect.bisect_right(self.reports, epoch, key=lambda report: report[0])
        return self.reports[place - 1][1] if place else None


def comparable_values(curves: Sequence[Curve], *, fewest: int) -> tuple[NDArray[np.float64], int]:
    """A value for each trial that has one, all on the scale of one rung, and how many trials were cut off.

    Args:
        curves: what the trials showed.
        fewest: the number of trials that a rung needs to set the scale. If none has so many, the rung with
            the most trials sets it.
    """
    values = np.array([np.nan if curve.final is None else curve.final for curve in curves], dtype=np.float64)
    partial = [number for number, curve in enumerate(curves) if curve.is_partial]
    if not partial:
        return values, 0
    rungs = sorted({curves[number].reports[-1][0] for number in partial})
    table = np.array([[_or_nan(curve.at(rung)) for rung in rungs] for curve in curves])
    # The trials' own ends are the top rung, at whatever epoch they came.
    table = np.column_stack([table, values])
    counts = np.isfinite(table).sum(axis=0)
    enough = np.flatnonzero(counts >= fewest)
    top = int(enough[-1]) if len(enough) else int(np.argmax(counts))
    lifted = table[:, 0]
    for rung in range(1, top + 1):
        lifted = _lift(lifted, table[:, rung])
    # What has no value at the lowest rungs, or none at the chosen one but above it, is taken as it is.
    for rung in range(top + 1, table.shape[1]):
        lifted = np.where(np.isnan(lifted), table[:, rung], lifted)
    return lifted, len(partial)


def num_advanced(curves: Sequence[Curve]) -> int:
    """How many trials got beyond the lowest epoch at which one was cut off, or came to their own end."""
    # The study knows no rungs: where trials were cut off says where they are.
    lowest = min((curve.reports[-1][0] for curve in curves if curve.is_partial), default=0)
    return sum(
        curve.final is not None or (bool(curve.reports) and curve.reports[-1][0] > lowest) for curve in curves
    )


def _lift(lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at the upper rung: measured where there are some, else from a line through those with both."""
    # A penalty says nothing of how values change, and stays what it is. What became a result was none.
    has_result = np.isfinite(upper) & ~penalties(upper)
    is_penalty = penalties(lower) & ~has_result
    both = np.isfinite(lower) & has_result
    if not both.any():
        return np.where(np.isfinite(upper), upper, lower)
    # Divided first, by a power of two, which changes no digit: squares of extreme values overflow.
    unit = float(np.ldexp(1.0, np.frexp(np.abs([lower[both], upper[both]]).max())[1] - 1))
    x, y = lower[both] / unit, upper[both] / unit
    # Of those that went on: they are the best ones and lie much closer together than all do. With the spread
    # of all, the prior would drown them, and a first epoch that says nothing would count.
    spread = float(np.var(x)) or 1.0
    covariance = float(np.sum((x - x.mean()) * (y - y.mean())))
    slope = (covariance + _PRIOR_PAIRS * spread) / ((len(x) + _PRIOR_PAIRS) * spread)
    # A falling line would turn the order of the trials round, on the evidence of a few.
    with np.errstate(over="ignore"):
        line = unit * (y.mean() + max(slope, 0.0) * (lower / unit - x.mean()))
    line = np.clip(np.where(is_penalty, lower, line), -_LARGEST, _LARGEST)
    return np.where(np.isfinite(upper), upper, line)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
