"""Finds plateaus of good values, on which a model would otherwise place one point after another.

A tie alone is no sign of a plateau: a metric of few values has many. But where values could differ by less,
several equal ones say that what was changed makes no difference: a hyperparameter without effect, or a table
that answers with its nearest row. Another look at such a place gains nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo.surrogates.penalties import comparable_part

_FEWEST_TIED = 3
_DIGITS = 9
"""Values count as equal if they agree to so many digits of their range."""


def on_plateau(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the better half of the results lie on a plateau, with at least two others of the same value.

    Plateaus of bad values do not count: the best value may lie at the edge of where training breaks.

    Args:
        values: shape (n,); small is good.
    """
    # What lies far off is left out: beside it, any others would be equal.
    part = comparable_part(values)
    # Divided first: differences of extreme values overflow.
    unit = float(np.abs(part).max()) or 1.0
    above = part / unit - part[0] / unit
    spread = above[-1]
    if not spread:
        return np.zeros(len(values), dtype=bool)
    levels, places, counts = np.unique(
        np.round(above / spread, _DIGITS), return_inverse=True, return_counts=True
    )
    # The number of results on each level if they lay evenly between the best and the median of the others:
    # a metric of few values has as many ties by chance.
    by_chance = len(part) * np.diff(levels).min() / np.median(levels[places[places > 0]])
    is_tied = (counts[places] >= _FEWEST_TIED * max(by_chance, 1.0)) & (part <= np.median(part))
    return np.isin(values, part[is_tied])
