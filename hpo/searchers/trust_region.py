"""The trust region of TuRBO, for spaces in which a global model knows too little.

Eriksson et al. 2019, "Scalable Global Optimization via Local Bayesian Optimization", section 2 and
appendix D: a box around the best point that doubles after successes, halves after failures, and starts
over elsewhere when it has become very small.

The paper keeps a state. Here the region is computed from the sequence of results, so that it is a function of
the study.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpo.searchers.acquisition import Box
from hpo.space.domain import UNIT_HIGH, UNIT_LOW

Floats = NDArray[np.float64]

MANY_DIMENSIONS = 20
"""Above so many hyperparameters that can vary, the model is kept to a trust region."""

# The values of the paper's appendix D.
_FIRST_LENGTH = 0.8
_LONGEST = 1.6
_SHORTEST = 0.5**7
_SUCCESSES = 3
_NEEDED_GAIN = 1e-3
"""A success is better than the best value by this share of it."""


@dataclass(frozen=True)
class TrustRegion:
    """Where the model may look.

    Attributes:
        first: the number of the first result that belongs to the region; those before are forgotten.
        length: of the sides of its box, before they are stretched by the model's length-scales.
    """

    first: int
    length: float

    def box(self, centre: Floats, lengths: Floats) -> Box:
        """The region around a point: long where the function changes slowly, of the volume length^d."""
        # Over their geometric mean, in logarithms: a product of many length-scales may overflow.
        log_lengths = np.log(lengths)
        sides = self.length * np.exp(log_lengths - log_lengths.mean())
        return Box(
            np.clip(centre - 0.5 * sides, UNIT_LOW, UNIT_HIGH),
            np.clip(centre + 0.5 * sides, UNIT_LOW, UNIT_HIGH),
        )


def trust_region(values: Floats, *, num_dimensions: int, num_initial: int) -> TrustRegion:
    """The region after these results.

    Args:
        values: the results in order, small is good.
        num_dimensions: how many hyperparameters can vary.
        num_initial: how many results after a start are no attempts of the model.
    """
    # ceil(d / q) in the paper, whose batches of q are single proposals here.
    failures_allowed = max(4, num_dimensions)
    first, length, successes, failures, best = 0, _FIRST_LENGTH, 0, 0, np.inf
    for number, value in enumerate(values):
        improved = value < best - _NEEDED_GAIN * abs(best) if np.isfinite(best) else True
        best = min(best, float(value))
        if number < first + num_initial:
            continue
        successes, failures = (successes + 1, 0) if improved else (0, failures + 1)
        if successes == _SUCCESSES:
            length, successes = min(2 * length, _LONGEST), 0
        elif failures == failures_allowed:
            length, failures = length / 2, 0
        if length < _SHORTEST:
            first, length, successes, failures, best = number + 1, _FIRST_LENGTH, 0, 0, np.inf
    return TrustRegion(first, length)
