"""Paired statistics: the same configurations on two backends."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpo.backend import Array
from hpo.randomness import stream

RESAMPLES = 9_999
LEVEL = 0.95


@dataclass(frozen=True)
class Paired:
    """How the values of one backend lie against those of another, over the configs that ended on both.

    Attributes:
        count: how many configs there are.
        mean_difference: the mean of this backend's value minus the other's.
        low: the lower end of its 95 % bootstrap interval (percentiles, Efron 1979); None for fewer than
            two configs, as are all that follow.
        high: the upper end.
        p_value: of Wilcoxon's signed-rank test (1945), two-sided, that the differences lie symmetrically
            about 0; 1 where all are 0.
        rank_correlation: Spearman's (1904), 1 where both rank the configs alike; None where a backend has
            the same value for all.
    """

    count: int
    mean_difference: float
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    rank_correlation: float | None = None


def paired(values: Sequence[float], others: Sequence[float]) -> Paired | None:
    """Compare finite values in pairs; None if there are none."""
    mine, theirs = np.asarray(values, float), np.asarray(others, float)
    if not len(mine):
        return None
    differences = mine - theirs
    mean = float(differences.mean())
    if len(mine) < 2:
        return Paired(len(mine), mean)
    low, high = _interval(differences)
    return Paired(len(mine), mean, low, high, _signed_ranks(differences), _ranks(mine, theirs))


def _interval(differences: Array) -> tuple[float, float]:
    """The bootstrap interval of the mean, with draws that are the same each time."""
    count = len(differences)
    draws = stream(0, "bootstrap").random((RESAMPLES, count))
    means = differences[(draws * count).astype(int)].mean(axis=1)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def _signed_ranks(differences: Array) -> float:
    # Here, because scipy.stats takes half a second to import.
    from scipy.stats import wilcoxon

    if not differences.any():
        # wilcoxon() leaves out differences of zero, and would have none to rank.
        return 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few pairs, and of ties: the p-value says so
        return float(wilcoxon(differences).pvalue)


def _ranks(mine: Array, theirs: Array) -> float | None:
    from scipy.stats import spearmanr

    if not np.ptp(mine) or not np.ptp(theirs):
        return None
    return float(spearmanr(mine, theirs).statistic)
