"""Trials as flat dictionaries, and as tables for a terminal and for a notebook."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, cast

from hpo.study.layout import TableColumn, TableLine, cut, lay_out
from hpo.study.numbers import DIGITS, alike, exponential, is_long
from hpo.study.trial import Metric, Trial, TrialState

_WIDEST = 48
"""Cells of the longest text where no width is given."""

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
    """One value as a text shows it: numbers with four significant digits, long text cut."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.{DIGITS}g}"
    if isinstance(value, int) and is_long(value):
        return exponential(value)
    return cut(_in_one_line(value), _WIDEST)


def text_table(
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    width: int | None = None,
    movable: Sequence[str] | None = None,
) -> str:
    """Columns with their names above them, numbers with their points below each other.

    Args:
        names: the columns.
        rows: their values.
        width: cells of a line; columns that do not fit move into lines under each row. None for as many as
            it takes.
        movable: the columns that may move, the first one first; None for all but the first one, from the last
            on.

    Example:
        >>> print(text_table(["id", "units"], [[0, 16], [1, 128]]))
        id  units
         0     16
         1    128
    """
    return "\n".join(line.text for line in table_lines(names, rows, width=width, movable=movable))


def table_lines(
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    width: int | None = None,
    movable: Sequence[str] | None = None,
) -> list[TableLine]:
    """The lines of `text_table`, each with the number of its row."""
    # Given a width, the layout cuts what has no room there, and nothing else.
    columns = _columns(names, rows, text=shown if width is None else _whole)
    numbers = None if movable is None else [names.index(name) for name in movable if name in names]
    return lay_out(columns, width=width, movable=numbers)


def html_table(
    names: Sequence[str], rows: Sequence[Sequence[object]], *, strong_row: int | None = None
) -> str:
    """The same as `text_table`, in HTML. Everything in it is escaped.

    Args:
        names: the columns.
        rows: their values.
        strong_row: the number of the row to set off.
    """
    columns = _columns(names, rows)
    head = "".join(f"<th{_alignment(column)}>{html.escape(column.name)}</th>" for column in columns)
    body = ""
    for number in range(len(rows)):
        cells = [_html_cell(column, number, strong=number == strong_row) for column in columns]
        body += f"<tr{_STRONG if number == strong_row else ''}>{''.join(cells)}</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _columns(
    names: Sequence[str], rows: Sequence[Sequence[object]], *, text: Callable[[object], str] = shown
) -> list[TableColumn]:
    return [_column(shown(name), [row[number] for row in rows], text) for number, name in enumerate(names)]


def _column(name: str, values: Sequence[object], text: Callable[[object], str]) -> TableColumn:
    # `type`, as True is an `int` too.
    numbers = [value for value in values if value is None or type(value) in (int, float)]
    if len(numbers) == len(values):
        return TableColumn(name, alike(cast("list[float | None]", numbers)), is_number=True)
    return TableColumn(name, [text(value) for value in values], is_number=False)


def _whole(value: object) -> str:
    """What `shown` shows, with all of a text."""
    return _in_one_line(value) if isinstance(value, str) else shown(value)


def _in_one_line(value: object) -> str:
    return printable(" ".join(str(value).split()))


_STRONG = ' style="background: rgba(0, 158, 115, 0.2)"'
"""Lighter or darker than the page, whichever it is; beside the bold text and the word `best`."""


def _alignment(column: TableColumn) -> str:
    # A browser breaks a line behind the hyphen of an exponent.
    number = "right; white-space: nowrap; font-variant-numeric: tabular-nums"
    side = number if column.is_number else "left"
    return f' style="text-align: {side}"'


def _html_cell(column: TableColumn, row: int, *, strong: bool) -> str:
    padded = column.cells[row]
    text, space = html.escape(padded.strip()), len(padded) - len(padded.rstrip())
    if strong:
        text = f"<strong>{text}</strong>"
    if column.is_number and space:
        # A browser drops spaces at the end; this one is as wide as so many digits.
        text += f'<span style="display: inline-block; width: {space}ch"></span>'
    return f"<td{_alignment(column)}>{text}</td>"


_COSTS = ("epoch", "epochs", "seconds", "cohort_seconds", "reason")
"""What stands behind the values, where one of the trials has it."""

_FIXED = ("trial", "state", "value", "epoch", "epochs", "seconds", "cohort_seconds", "reason")


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
    return flat | {
        "epoch": trial.epoch,
        "epochs": len(trial.reports),
        "seconds": trial.seconds,
        "cohort_seconds": trial.cohort_seconds,
        "reason": trial.reason,
    }


class TrialTable(NamedTuple):
    """A table of trials.

    Attributes:
        names: of the columns, the first of which is empty but for the word `best`.
        rows: the values.
        movable: the columns that may leave a narrow table for lines of their own, the first one first.
        best_row: the number of the best trial's row; None if it is not among them.
    """

    names: list[str]
    rows: list[list[object]]
    movable: list[str]
    best_row: int | None


def table(
    trials: Iterable[Trial],
    best: int | None,
    names: Iterable[str],
    metrics: tuple[Metric, ...],
    *,
    beside: Iterable[str] = (),
) -> TrialTable:
    """A table of trials, with the reasons of those that failed.

    Args:
        trials: the trials.
        best: the best one's id, if there is one.
        names: the study's hyperparameters.
        metrics: what the study optimises.
        beside: other metrics to show.
    """
    trials, keys = list(trials), config_keys(names)
    records = [record(trial, keys, metrics) for trial in trials]
    for flat in records:
        # Why a scheduler stopped a trial is that others were better, which their values say.
        if flat["state"] != TrialState.FAILED.value:
            flat["reason"] = None
    # Where each value is of the last epoch, the column would say what that of the epochs says.
    goals = ["value"] if len(metrics) == 1 else [metric.name for metric in metrics]
    # Columns that would be empty, as those of epochs are for objectives without reports, are left out.
    costs = [name for name in _COSTS if any(flat.get(name) for flat in records)]
    if not any(map(_is_of_another_epoch, trials)):
        costs = [name for name in costs if name != "epoch"]
    others = [name for name in beside if name not in {metric.name for metric in metrics}]
    columns = ["trial", "state", *keys.values(), *goals]
    rows = [
        [
            "best" if trial.id == best else "",
            *(flat.get(name) for name in columns),
            *(trial.metrics.get(name) for name in others),
            *(flat.get(name) for name in costs),
        ]
        for trial, flat in zip(trials, records, strict=True)
    ]
    best_row = next((number for number, trial in enumerate(trials) if trial.id == best), None)
    taken = {*columns, *costs}
    titles = [f"metric.{name}" if name in taken else name for name in others]
    costly = [name for name in ("reason", "cohort_seconds", "seconds") if name in costs]
    movable = [*costly, *list(keys.values())[::-1], *titles[::-1]]
    return TrialTable(["", *columns, *titles, *costs], rows, movable, best_row)


def _is_of_another_epoch(trial: Trial) -> bool:
    """Whether its value is of another epoch than its last."""
    return trial.epoch is not None and trial.epoch != trial.reports[-1].epoch
