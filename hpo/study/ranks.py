"""The order of trials: the best ones, the incumbents, and the best means on fresh draws."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.study.history import History
from hpo.study.trial import Metric, Ranked, TrialState


@dataclass(frozen=True)
class Incumbents:
    """The incumbent's value after each trial that ended, in the order of their ends.

    Attributes:
        num_trials: (n,) integers, how many trials had ended: 1 to n.
        seconds: (n,) seconds of work on the study by then.
        values: (n,) the best value by then; NaN while every trial had failed.
        trials: (n,) the id of the trial that reached it, -1 while every trial had failed.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda config: config["x"] ** 2, space, num_trials=6, seed=0)
        >>> found = study.incumbents()
        >>> found.trials.tolist(), found.values.round(3).tolist()
        ([0, 0, 0, 3, 3, 3], [0.111, 0.111, 0.111, 0.001, 0.001, 0.001])
    """

    num_trials: NDArray[np.int_]
    seconds: NDArray[np.float64]
    values: NDArray[np.float64]
    trials: NDArray[np.int_]


def best(history: History) -> int | None:
    """The best trial, see `Study.best`; None if none has a result."""
    if history.best is not None or len(history.metrics) != 1:
        return history.best
    metric = history.metrics[0]
    found: tuple[int, float, int] | None = None
    for trial in range(history.num_trials):
        if history.state(trial) not in (TrialState.PAUSED, TrialState.STOPPED):
            continue
        value = metric.sign * history.value(trial)
        # Values after different numbers of epochs do not compare: the longest training comes first.
        key = (-history.last_epoch(trial), value, trial)
        if math.isfinite(value) and (found is None or key < found):
            found = key
    return None if found is None else found[2]


def best_at(history: History, metric: Metric, epoch: int) -> int | None:
    """The trial with the best value after that epoch, see `Study.best_at`; None if there is none."""
    found: tuple[float, int] | None = None
    for trial in range(history.num_trials):
        value = metric.sign * history.value_at(trial, epoch)
        if math.isfinite(value) and (found is None or (value, trial) < found):
            found = value, trial
    return None if found is None else found[1]


def top(history: History, metric: Metric, k: int) -> list[Ranked]:
    """The k best trials with their ranks, see `Study.top`."""
    values = metric.sign * np.array(history.values, dtype=np.float64)
    # NaN, which stands for trials without a result, sorts last.
    order = np.argsort(values, kind="stable")[: min(k, int(np.isfinite(values).sum()))]
    best = []
    for number in order.tolist():
        # Over all trials, and not only the k: a tie with the one behind them counts.
        rank = 1 + int((values < values[number]).sum())
        tied = int((values == values[number]).sum()) > 1
        best.append(Ranked(**vars(history.trial(number)), rank=rank, tied=tied))
    return best


def incumbents(history: History, metric: Metric) -> Incumbents:
    """The best value so far after each end of a trial, see `Study.incumbents`."""
    values = metric.sign * np.array(history.values, dtype=np.float64)
    trials: list[int] = []
    best = -1
    for number in history.finished:
        # The comparison is false for NaN, so a failed trial is never the best.
        if best < 0 or values[number] < values[best]:
            best = number if np.isfinite(values[number]) else best
        trials.append(best)
    return Incumbents(
        num_trials=np.arange(1, len(trials) + 1),
        seconds=np.array([history.ended_after(number) for number in history.finished], dtype=np.float64),
        values=np.array([history.values[n] if n >= 0 else np.nan for n in trials], dtype=np.float64),
        trials=np.array(trials, dtype=np.int_),
    )


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

    Example:
        >>> import hpo
        >>> luck = [0.2, -0.1, 0.0, 0.1]  # what the initial weights of each draw do
        >>> def train(config, trial):
        ...     return abs(config["x"] - luck[trial.replicate])
        >>> study = hpo.search(train, {"x": hpo.Float(-1, 1)}, num_trials=20, seed=0)
        >>> [found] = hpo.confirm(study, top=1, replicates=3)
        >>> round(found.before, 3), [round(value, 3) for value in found.values], round(found.mean, 3)
        (0.064, [0.236, 0.136, 0.036], 0.136)
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
