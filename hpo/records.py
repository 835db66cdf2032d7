"""Trials as flat dictionaries, and the table that a study prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hpo.trial import Metric, Trial

_FIXED = ("trial", "state", "value", "epochs", "seconds", "reason")


def config_keys(names: Iterable[str]) -> dict[str, str]:
    """The key of each hyperparameter in a record: its name, unless the record has one like it."""
    return {name: f"config.{name}" if name in _FIXED else name for name in names}


def record(trial: Trial, names: Iterable[str], metrics: Iterable[Metric]) -> dict[str, Any]:
    """One trial as a flat dictionary, see `Study.records`.

    Args:
        trial: the trial.
        names: the study's hyperparameters, such as its space; those that the trial has not are left out.
        metrics: what the study optimises.
    """
    keys = config_keys(names)
    taken = {*_FIXED, *keys.values()}
    flat: dict[str, Any] = {"trial": trial.id, "state": trial.state.value, "value": trial.value}
    flat |= {keys[name]: value for name, value in trial.config.items()}
    same_as_value = {metric.name for metric in metrics if metric.name == "value"}
    for name, number in trial.metrics.items():
        if name not in same_as_value:
            flat[f"metric.{name}" if name in taken else name] = number
    return flat | {"epochs": len(trial.reports), "seconds": trial.seconds, "reason": trial.reason}


def table(
    trials: Iterable[Trial], best: int | None, names: Iterable[str], metrics: tuple[Metric, ...]
) -> tuple[list[str], list[list[object]]]:
    """Names and rows of a table of trials; the best one has a star in the first column."""
    keys = config_keys(names)
    records = [record(trial, keys, metrics) for trial in trials]
    goals = ["value"] if len(metrics) == 1 else [metric.name for metric in metrics]
    columns = ["trial", "state", *keys.values(), *goals]
    columns += [name for name in ("epochs", "seconds", "reason") if any(flat[name] for flat in records)]
    rows = [["*" if flat["trial"] == best else "", *(flat.get(name) for name in columns)] for flat in records]
    return ["", *columns], rows
