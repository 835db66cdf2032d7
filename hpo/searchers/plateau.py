"""Where a function is flat around its best value, a model's next point is again one on the plateau.

A tie is no sign of it by itself: a metric of few values has many. Where values could differ by less,
several equal ones say that what was changed makes no difference: a hyperparameter without effect, a table
that answers with its nearest row. There is nothing to gain from yet another look at such a place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEWEST_TIED = 3
_EQUAL = 1e-9
"""Values are equal that differ by no more than this part of their range."""


def plateau(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the results lie on a plateau of the best value; none if there is no sign of one.

    Args:
        values: small is good, shape (n,).
    """
    above = values - values.min()
    equal = _EQUAL * above.max()
    tied = above <= equal
    gaps = np.diff(np.sort(above))
    gaps = gaps[gaps > equal]
    if np.sum(tied) < _FEWEST_TIED or not len(gaps):
        return np.zeros(len(values), dtype=bool)
    # With as many levels as results up to the median of the others, ties by chance would be few.
    num_levels = np.median(above[~tied]) / gaps.min()
    return np.asarray(tied & (num_levels > len(values)))
