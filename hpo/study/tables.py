"""Trials as flat dictionaries, and as tables for a terminal and for a notebook."""

from __future__ import annotations

import html
import io
import math
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hpo.study.trial import Metric, Trial

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2
"""Spaces between two columns."""

_WIDEST = 48


# What a terminal obeys instead of showing it (C0 but tabs and line ends, DEL, C1), what turns the direction
# of text around or hides, other line ends, and halves of characters, which no stream takes.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Text from a study with what a terminal would obey made visible.

    Example:
        >>> printable("a" + chr(27) + "[31mb") == r"a\x1b[31mb"
        True
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def shown(value: object) -> str:
    """One value as a table shows it: numbers with four significant digits, long text cut."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4g}"
    text = printable(" ".join(str(value).split()))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def text_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns with their names above them, numbers aligned to the right.

    Example:
        >>> print(text_table(["id", "units"], [[0, 16], [1, 128]]))
        id  units
         0     16
         1    128
    """
    from rich.console import Console

    # As wide as it is, and plain: it may go into a file.
    console = Console(file=io.StringIO(), width=sys.maxsize, color_system=None, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(terminal_table(names, rows))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def terminal_table(
    names: Sequence[str], rows: Sequence[Sequence[object]], *, bold_row: int | None = None
) -> Table:
    """The same as `text_table` for a terminal, which folds what does not fit into it.

    Args:
        names: the columns.
        rows: their values.
        bold_row: the index of the row to set off.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column, name in enumerate(names):
        is_number = all(isinstance(row[column], (int, float)) or row[column] is None for row in rows)
        table.add_column(shown(name), justify="right" if is_number else "left", overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*map(shown, row), style="bold green" if number == bold_row else None)
    return table


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
