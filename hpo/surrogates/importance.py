"""The importance of hyperparameters: which of them set the best trials apart."""

from __future__ import annotations

import math

import numpy as np

from hpo.errors import ObjectiveError
from hpo.randomness import uniforms
from hpo.study.study import Study
from hpo.surrogates.divergence import divergence
from hpo.surrogates.observations import Observer, check_one_metric

FEWEST = 8
"""The number of trials that must have ended."""

_FEWEST_TOP = 5
_NUM_SHUFFLES = 64


def importance(study: Study, *, target: float = 0.1, region: float = 1.0) -> dict[str, float]:
    """Estimate how much each hyperparameter mattered for being among the best.

    A hyperparameter that matters takes other values in the best trials than in all of them; one that does not
    takes the same. PED-ANOVA (Watanabe et al. 2023) measures the difference by the Pearson divergence of the
    two distributions. It is the variance of "is among the best" that the hyperparameter alone explains. A
    difference no larger than that of as many trials chosen at random counts as none.

    A conditional hyperparameter is judged among the trials that have it, and weighted by the share of the
    best that do. So it gets no credit for what decides whether it exists (Baba et al. 2026, "Conditional
    PED-ANOVA"). Failed trials count as the worst; stopped ones count with the value that they had reached.

    The estimate depends on which trials there are. A model-based search soon leaves bad values out, and its
    late, good trials lie close together also in hyperparameters that do not matter: after 50 trials of TPE
    that can look like importance. Random search, or a few hundred trials, say more.

    Args:
        study: of one metric, with at least 8 trials that ended.
        target: the share of trials that count as the best, above 0; at least 5 trials do.
        region: the share of trials, from the best on, that the best are compared with: 1 for all, 0.5 for
            what makes a good config a very good one.

    Returns:
        A share for each hyperparameter that can vary, from the largest to the smallest. They sum to 1, or
        are all 0 if nothing mattered.

    Raises:
        ObjectiveError: the study has not one metric, or too few trials ended.
        ValueError: not 0 < target < region <= 1.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}
        >>> study = hpo.search(lambda c: c["x"] + c["y"] / 100, space, num_trials=100, seed=0)
        >>> list(hpo.importance(study))[0]
        'x'
    """
    if not 0 < target < region <= 1:
        raise ValueError(
            f"target and region are shares of the trials, 0 < target < region <= 1; received "
            f"target={target!r} and region={region!r}."
        )
    check_one_metric(study, "importance")
    observer = Observer()
    observations = observer.read(study)
    ended = np.flatnonzero(~observations.pending)
    if len(ended) < FEWEST or not observations.known.any():
        raise ObjectiveError(
            f"Importance needs at least {FEWEST} trials that ended, one of them with a result; the study "
            f"{study.name!r} has {len(ended)}, of which {int(observations.known.sum())} have one."
        )
    values = np.where(observations.failed, np.inf, observations.values)[ended]
    points = observations.points[ended]
    active = observer.cube.active(points)
    inside = values <= _threshold(values, max(math.ceil(region * len(values)), FEWEST))
    values, points, active = values[inside], points[inside], active[inside]
    is_top = values <= _threshold(values, max(math.ceil(target * len(ended)), _FEWEST_TOP))
    # Always the same shuffles, so that the same study has the same importance.
    shuffles = uniforms(0, "importance", shape=(_NUM_SHUFFLES, len(values)))
    found: dict[str, float] = {}
    for place, dimension in enumerate(observer.cube.dimensions):
        if dimension.is_fixed:
            continue
        there = active[:, place]
        top_share, share = float(there[is_top].mean()), float(there.mean())
        found[dimension.name] = 0.0
        if top_share:
            apart, by_chance = divergence(dimension, points[there, place], is_top[there], shuffles[:, there])
            # By the law of total variance, within the part of the space where it exists.
            excess = apart - by_chance
            # Round-off is no effect.
            found[dimension.name] = excess * top_share**2 / share if excess > 1e-9 else 0.0
    total = sum(found.values())
    ordered = sorted(found, key=lambda name: -found[name])
    return {name: found[name] / total if total else 0.0 for name in ordered}


def _threshold(values: np.ndarray, count: int) -> float:
    """The value of the last of so many best."""
    return float(np.sort(values)[min(count, len(values)) - 1])
