"""Trials as flat dictionaries, and as tables for a terminal and for a notebook."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from hpo.study.trial import Metric, Trial

_WIDEST = 48


def shown(value: object) -> str:
    """One value as a table shows it: numbers with four significant digits, long text cut."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4g}"
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def text_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns with their names above them, numbers aligned to the right.

    Example:
        >>> print(text_table(["id", "units"], [[0, 16], [1, 128]]))
        id  units
         0     16
         1    128
    """
    cells = [[shown(value) for value in row] for row in rows]
    columns = range(len(names))
    widths = [max(len(line[i]) for line in [list(names), *cells]) for i in columns]
    right = [all(isinstance(row[i], (int, float)) or row[i] is None for row in rows) for i in columns]
    lines = [
        "  ".join(line[i].rjust(widths[i]) if right[i] else line[i].ljust(widths[i]) for i in columns)
        for line in [list(names), *cells]
    ]
    return "\n".join(line.rstrip() for line in lines)


def html_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The same as `text_table`, in HTML. Everything in it is escaped."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(shown(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_FIXED = ("trial", "state", "value", "epochs", "seconds", "reason")


def config_keys(names: Iterable[str]) -> dict[str, str]:
    """The key of each hyperparameter in a record: its name, unless a fixed key has that name."""
    return {name: f"config.{name}" if name in _FIXED else name for name in names}


def record(trial: Trial, names: Iterable[str], metrics: Iterable[Metric]) -> dict[str, Any]:
    """One trial as a flat dictionary, see `Study.records`.

    Args:
        trial: the trial.
        names: the study's hyperparameters, such as its space; those that the trial lacks are left out.
        metrics: what the study optimises.
    """
    keys = config_keys(names)
    taken = {*_FIXED, *keys.values()}
    flat: dict[str, Any] = {"trial": trial.id, "state": trial.state.value, "value": trial.value}
    flat |= {keys[name]: value for name, value in trial.config.items()}
    # A metric that is called `value` is the entry `value` already.
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
    # Columns that would be empty, as those of epochs are for objectives without reports, are left out.
    columns += [name for name in ("epochs", "seconds", "reason") if any(flat[name] for flat in records)]
    rows = [["*" if flat["trial"] == best else "", *(flat.get(name) for name in columns)] for flat in records]
    return ["", *columns], rows
