"""Finds penalties: numbers that an objective returns in place of a failure, such as 1e9.

What a penalty says is that the trial failed; its size says nothing. Taken as a result, it is a cliff, and a
model of smooth functions that has to pass through it is wrong on both sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_TIMES_AS_MANY = 2
"""The worst value is a penalty if it came so many times as often as any other one."""

FAR = 30.0
"""Results lie far apart at so many times the range of the better ones."""

_FEWEST = 3
"""So many results on either side of a gap are enough to tell that one side is of another kind."""


def penalties(values: Floats) -> Mask:
    """Which of the values are penalties: a group that lies far off, or all that are equal to the worst one.

    The worst one has to come again and again, and then its size may be that of a result: a classifier that
    has learned nothing has the same error each time.

    Args:
        values: shape (n,), small is good; NaN for a trial without a result.
    """
    known = values[~np.isnan(values)]
    if len(known) >= 2 * _FEWEST:
        part = comparable_part(known)
        if _FEWEST <= len(part) <= len(known) - _FEWEST:
            return np.asarray(values > part[-1])
    levels, counts = np.unique(known, return_counts=True)
    # Of a metric of few values, each one comes often. Without a better one there is no telling.
    if len(levels) < 2 or counts[-1] < _TIMES_AS_MANY * counts[:-1].max():
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values == levels[-1])


def comparable_part(values: Floats) -> Floats:
    """The values, ascending, that say by how much one result is better than another.

    Those are all but a group of bad ones that lies far off. It is a group if it holds together: half of it
    lies within a distance as large as that to the rest. So a search that has converged, and found many values
    that are close to each other beside the bad ones of its beginning, keeps them all.

    Args:
        values: shape (n,), small is good.
    """
    ascending = np.sort(values)
    # Differences of the largest floats overflow, and those of a quarter of them do not.
    quarter = 0.25 * ascending
    ranges, gaps = (quarter - quarter[0])[:-1], np.diff(quarter)
    halves = quarter[(np.arange(1, len(values)) + len(values)) // 2] - quarter[1:]
    far = np.flatnonzero((ranges > 0) & (gaps / FAR > ranges) & (gaps >= halves))
    return ascending[: far[0] + 1] if len(far) else ascending
