"""Why the dropout of port and original drops different shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpo.ports.causes.cause import Cause
from hpo.ports.differences import Array

SCALE_TOLERANCE = 1e-4
SHARE_DEVIATIONS = 5.0
"""Shares of dropped values differ by chance; by more standard deviations than this they do not."""


@dataclass(frozen=True)
class Dropping:
    """What a layer did: the share it dropped, of how many values, and by what it multiplied the others."""

    share: float
    count: int
    scale: float


def observed(given: Array, made: Array) -> Dropping | None:
    """What one call did; None where its input is zero everywhere."""
    there = given != 0
    if not there.any():
        return None
    dropped = (made == 0) & there
    kept = made[there & ~dropped] / given[there & ~dropped]
    # The median, since quotients of values near 0 are round-off.
    scale = float(np.median(kept)) if kept.size else float("nan")
    return Dropping(float(dropped.sum() / there.sum()), int(there.sum()), scale)


def cause_of_dropout(original: Dropping, port: Dropping) -> Cause | None:
    """Whether the two drop alike; what differs where they do not."""
    mean = (original.share + port.share) / 2
    # The standard deviation of the difference of two shares; the floor is for shares of 0 and 1.
    deviation = np.sqrt(max(mean * (1 - mean), 1e-12) * (1 / original.count + 1 / port.count))
    same_share = abs(original.share - port.share) <= SHARE_DEVIATIONS * deviation
    same_scale = abs(original.scale - port.scale) <= SCALE_TOLERANCE * original.scale
    if same_share and (same_scale or (np.isnan(original.scale) and np.isnan(port.scale))):
        return None
    numbers = f"the original drops {original.share:.1%}, the port {port.share:.1%}"
    if same_share:
        return Cause(
            "dropout scale",
            f"{numbers}; what is kept is multiplied by {original.scale:.4g} there and by {port.scale:.4g} "
            "here.",
            "Divide by the probability of keeping in training (inverted dropout), and do nothing in "
            "prediction.",
        )
    if abs(original.share + port.share - 1) <= SHARE_DEVIATIONS * deviation:
        return Cause(
            "dropout rate against keep probability",
            f"{numbers}: one takes for the rate what the other takes for the probability of keeping.",
            "rate = 1 - keep probability; TensorFlow 1 knew keep_prob, everything later takes the rate.",
        )
    return Cause("dropout rate", f"{numbers}.", "Give both the same rate.")
