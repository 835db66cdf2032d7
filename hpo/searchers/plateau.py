"""Where a function is flat, a model that found a good value there wants the next point on the plateau, too.

A tie is no sign of it by itself: a metric of few values has many. Where values could differ by less,
several equal ones say that what was changed makes no difference: a hyperparameter without effect, a table
that answers with its nearest row. There is nothing to gain from yet another look at such a place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEWEST_TIED = 3
_DIGITS = 9
"""Values are equal that are the same to so many digits of their range."""


def on_plateau(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the better half of the results lie on a plateau, with at least two others of the same value.

    At the edge of a bad one, say of where training breaks, the best value may lie.

    Args:
        values: shape (n,); small is good.
    """
    # Divided first: differences of extreme values overflow.
    scaled = values / (float(np.abs(values).max()) or 1.0)
    above = scaled - scaled.min()
    spread = above.max()
    if not spread:
        return np.zeros(len(values), dtype=bool)
    levels, places, counts = np.unique(
        np.round(above / spread, _DIGITS), return_inverse=True, return_counts=True
    )
    # So many results would share each level if they lay evenly between the best and the median of the others.
    by_chance = len(values) * np.diff(levels).min() / np.median(levels[places[places > 0]])
    is_tied = counts[places] >= _FEWEST_TIED * max(by_chance, 1.0)
    return np.asarray(is_tied & (values <= np.median(values)))
