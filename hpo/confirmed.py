"""What configs gave on fresh draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hpo.history import History
from hpo.trial import Metric


@dataclass(frozen=True)
class Confirmed:
    """A config that was trained again on other initial weights and batch orders.

    Attributes:
        trial: the trial's id.
        config: its config.
        before: its value in the search, which helped to select it.
        values: the study's metric on the fresh draws.
        mean: their mean.
        std: their standard deviation (of a sample); NaN for a single draw.
        rank: 1 for the best mean.
    """

    trial: int
    config: dict[str, Any] = field(hash=False)
    before: float
    values: tuple[float, ...]
    mean: float
    std: float
    rank: int


def confirmed(history: History, metric: Metric) -> list[Confirmed]:
    """The confirmed configs of a study, the best mean first, see `Study.confirmed`."""
    values = {
        trial: tuple(draws[draw][metric.name] for draw in sorted(draws))
        for trial, draws in history.replicated.items()
    }
    order = sorted(values, key=lambda trial: (metric.sign * float(np.mean(values[trial])), trial))
    return [
        Confirmed(
            trial=trial,
            config=history.config(trial),
            before=history.values[trial],
            values=values[trial],
            mean=float(np.mean(values[trial])),
            std=float(np.std(values[trial], ddof=1)) if len(values[trial]) > 1 else float("nan"),
            rank=rank,
        )
        for rank, trial in enumerate(order, start=1)
    ]
