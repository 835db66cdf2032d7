"""Which trials' values compare, for a surface over hyperparameters."""

from __future__ import annotations

import math
from typing import NamedTuple

from hpo.study.study import Study

ENOUGH_TRIALS = 10
"""With fewer completed trials a surface is of an epoch that more of them reached."""


class Comparable(NamedTuple):
    """Trials whose values compare.

    Attributes:
        values: the values by the ids of the trials.
        epoch: after which epoch they are; None for the results of trials that completed.
    """

    values: dict[int, float]
    epoch: int | None


def comparable(study: Study) -> Comparable:
    """The trials that completed; where a scheduler lets few complete, those that reached one epoch.

    That is the last epoch that enough of them reached.
    """
    history = study.history
    completed = {number: value for number, value in enumerate(history.values) if math.isfinite(value)}
    reached = sorted((history.last_epoch(number) for number in range(history.num_trials)), reverse=True)
    if len(completed) >= ENOUGH_TRIALS or len(reached) <= ENOUGH_TRIALS or not reached[ENOUGH_TRIALS - 1]:
        return Comparable(completed, None)
    epoch = reached[ENOUGH_TRIALS - 1]
    there = [number for number in range(history.num_trials) if history.last_epoch(number) >= epoch]
    values = {number: value for number in there if math.isfinite(value := history.value_at(number, epoch))}
    return Comparable(values, epoch)
