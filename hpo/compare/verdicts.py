"""One configuration on several backends: how far they are apart, and how far round-off may bring them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpo.compare.results import BackendResult, ConfigCurve

TOLERANCE = 0.001
"""A difference of the metric that is taken for round-off at every rate."""
ROUND_OFF_FACTOR = 10
"""By how much a difference may exceed what the twins show before it is more than round-off explains.

Two twins and the reference are three draws. From their standard deviation, of two degrees of freedom, the
prediction interval of 99 % for a fourth one reaches 9.9 times that far on either side.
"""


@dataclass(frozen=True)
class Row:
    """One config.

    Attributes:
        config: the config.
        values: the metric at the end by backend; NaN where it failed, None where the process died before.
        difference: the largest difference from the reference; infinite where only one of the two failed,
            None where nothing is to be compared.
        spread: the largest difference of a twin from the reference in any epoch; infinite where only one of
            the two failed; None if there are no twins.
        allowed: the largest difference that round-off explains.
        apart: the backends that differ by more.
        reasons: why the config failed, by backend.
    """

    config: dict[str, Any]
    values: dict[str, float | None]
    difference: float | None
    spread: float | None
    allowed: float
    apart: tuple[str, ...]
    reasons: dict[str, str]


def judge(
    number: int,
    config: dict[str, Any],
    results: Mapping[str, BackendResult],
    reference: str,
    tolerance: float,
) -> Row:
    """What is to be said of one config.

    Args:
        number: its place among the configs.
        config: the config.
        results: by backend.
        reference: the backend against which the others are held.
        tolerance: a difference that is taken for round-off at every rate.
    """
    values = {name: result.value(number) for name, result in results.items()}
    spread = _spread(results[reference], number)
    allowed = max(tolerance, ROUND_OFF_FACTOR * (spread or 0))
    own = values[reference]
    distances = {
        name: distance(value, own)
        for name, value in values.items()
        if name != reference and value is not None and own is not None
    }
    # Errors counted on 1,000 examples differ by 0.001 in steps that float64 does not have exactly.
    apart = tuple(name for name, by in distances.items() if by > allowed * (1 + 1e-9))
    reasons = {
        name: curve.reason
        for name, result in results.items()
        for curve in result.curves[number : number + 1]
        if curve.reason is not None
    }
    return Row(config, values, max(distances.values(), default=None), spread, allowed, apart, reasons)


def distance(value: float | None, other: float | None) -> float:
    """How far two values are apart; infinite where only one is a number."""
    if value is None or other is None or not (math.isfinite(value) and math.isfinite(other)):
        return 0.0 if is_number(value) == is_number(other) else math.inf
    return abs(value - other)


def is_number(value: float | None) -> bool:
    """Whether a config came to a finite value."""
    return value is not None and math.isfinite(value)


def _spread(result: BackendResult, number: int) -> float | None:
    """How far the twins of a config parted from it."""
    twins = [curves[number] for curves in result.twins if number < len(curves)]
    if not twins or not result.takes_twins:
        return None
    return max(_farthest(result.curves[number], twin) for twin in twins)


def _farthest(one: ConfigCurve, other: ConfigCurve) -> float:
    """The largest distance of two curves in any epoch, and at their end."""
    pairs = [*zip(one.values, other.values, strict=False), (one.value, other.value)]
    return max(distance(value, beside) for value, beside in pairs)
