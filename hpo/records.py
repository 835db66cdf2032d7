"""Trials as flat dictionaries, and the table that a study prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hpo.space import Space
from hpo.trial import Metric, Trial

_FIXED = ("trial", "state", "value", "epochs", "seconds", "reason")


def config_keys(space: Space) -> dict[str, str]:
    """The key of each hyperparameter in a record: its name, unless the record has one like it."""
    return {name: f"config.{name}" if name in _FIXED else name for name in space}


def record(trial: Trial, space: Space, metrics: Iterable[Metric]) -> dict[str, Any]:
    """One trial as a flat dictionary, see `Study.records`."""
    keys = config_keys(space)
    flat: dict[str, Any] = {"trial": trial.id, "state": trial.state.value, "value": trial.value}
    flat |= {keys[name]: value for name, value in trial.config.items()}
    same_as_value = {metric.name for metric in metrics if metric.name == "value"}
    for name, number in trial.metrics.items():
        if name not in same_as_value:
            flat[f"metric.{name}" if name in flat or name in _FIXED else name] = number
    return flat | {"epochs": len(trial.reports), "seconds": trial.seconds, "reason": trial.reason}


def table(
    trials: Iterable[Trial], best: int | None, space: Space, metrics: tuple[Metric, ...]
) -> tuple[list[str], list[list[object]]]:
    """Names and rows of a table of trials; the best one has a star in the first column."""
    records = [record(trial, space, metrics) for trial in trials]
    goals = ["value"] if len(metrics) == 1 else [metric.name for metric in metrics]
    names = ["trial", "state", *config_keys(space).values(), *goals]
    names += [name for name in ("epochs", "seconds", "reason") if any(flat[name] for flat in records)]
    rows = [["*" if flat["trial"] == best else "", *(flat.get(name) for name in names)] for flat in records]
    return ["", *names], rows
