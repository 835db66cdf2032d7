"""Rows of a study, and how they are written."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias

from hpo.cli.failures import UsageError
from hpo.cli.studies import iso
from hpo.cli.trial_page import event_entry
from hpo.outputs import whole_file
from hpo.storage.events import metrics_to_json
from hpo.study.study import Study
from hpo.study.tables import config_keys, printable, record
from hpo.study.trial import Trial

# With these a spreadsheet begins a formula (the list is OWASP's, on CSV injection), in their full width, too,
# and after spaces and line ends, which some pass over.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_BEFORE, _AFTER = ("trial", "state", "value"), ("epoch", "epochs", "seconds", "cohort_seconds", "reason")


What: TypeAlias = Literal["trials", "reports", "events"]
Table: TypeAlias = "tuple[list[str], Iterator[list[Any]]]"
"""Columns, always in the same order, and rows with None where there is no value."""


def table_of(study: Study, what: What) -> Table:
    """A study as a table."""
    return {"trials": _trial_table, "reports": _report_table, "events": _event_table}[what](study)


def objects_of(study: Study, what: What) -> Iterator[dict[str, Any]]:
    """The same rows as JSON objects, with nothing left out."""
    if what == "trials":
        return map(_trial_object, study.trials)
    if what == "reports":
        return (
            {"trial": trial.id, "epoch": report.epoch, "metrics": metrics_to_json(report.metrics)}
            for trial in study.trials
            for report in trial.reports
        )
    return itertools.starmap(event_entry, enumerate(study.history.events))


def check_output(output: Path, file: str) -> None:
    """Refuse an output where no file can or should be written, before any work is done.

    Raises:
        UsageError: it is such a place.
    """
    if not output.parent.is_dir():
        raise UsageError(f"--output {output}: the folder {output.parent} does not exist. Make it first.")
    if not output.exists():
        return
    if not output.is_file():
        raise UsageError(
            f"--output {output} is no file. Name a file, or leave --output out for standard output."
        )
    if Path(file).exists() and output.samefile(file):
        raise UsageError(f"--output {output} is the storage itself, which would be lost: name another file.")


def export(study: Study, what: What, form: Literal["csv", "jsonl"], output: Path | None) -> int:
    """Write the rows of a study to a file, or to standard output; how many there were."""
    with _opened(output) as stream:
        lines = _csv_lines(study, what) if form == "csv" else _json_lines(study, what)
        count = sum(1 for line in lines if stream.write(line))
    # The names of the columns are no row.
    return count - (form == "csv")


def _csv_lines(study: Study, what: What) -> Iterator[str]:
    columns, rows = table_of(study, what)
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for row in itertools.chain([columns], rows):
        writer.writerow(map(_cell, row))
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _json_lines(study: Study, what: What) -> Iterator[str]:
    return (json.dumps(entry, allow_nan=False) + "\n" for entry in objects_of(study, what))


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    """A stream whose content is in the file at the block's end; after an error the file is as it was."""
    if output is None:
        # The same bytes on every system, whatever its encoding and line ends.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        yield sys.stdout
        sys.stdout.flush()
        return
    with whole_file(output) as stream:
        yield stream


def _cell(value: Any) -> Any:
    """A value as CSV has it: text that a spreadsheet would calculate is made plain text."""
    if isinstance(value, (list, dict)):
        value = json.dumps(value)
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _trial_table(study: Study) -> Table:
    """The columns of `Study.records`: those of all trials, hyperparameters in the order of the space."""
    keys = config_keys(study.history.hyperparameters)
    records = [record(trial, keys, study.metrics) for trial in study.trials]
    fixed = {*_BEFORE, *keys.values(), *_AFTER}
    metrics = dict.fromkeys(key for flat in records for key in flat if key not in fixed)
    columns = [*_BEFORE, *keys.values(), *metrics, *_AFTER]
    for flat in records:
        # An empty cell is a hyperparameter that the trial has not; one whose value is None is told from it.
        flat |= {key: "null" for key in keys.values() if flat.get(key, "") is None}
    return columns, ([flat.get(key) for key in columns] for flat in records)


def _report_table(study: Study) -> Table:
    reports = [(trial.id, report) for trial in study.trials for report in trial.reports]
    metrics = list(dict.fromkeys(name for _, report in reports for name in report.metrics))
    names = [f"metric.{name}" if name in ("trial", "epoch") else name for name in metrics]
    rows = ([trial, report.epoch, *map(report.metrics.get, metrics)] for trial, report in reports)
    return ["trial", "epoch", *names], rows


def _event_table(study: Study) -> Table:
    entries = objects_of(study, "events")
    first = next(entries)  # a log has one
    return list(first), (list(entry.values()) for entry in itertools.chain([first], entries))


def _trial_object(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.id,
        "state": trial.state.value,
        "value": None if trial.value is None else metrics_to_json({"value": trial.value})["value"],
        "config": trial.config,
        "metrics": metrics_to_json(trial.metrics),
        "epoch": trial.epoch,
        "epochs": len(trial.reports),
        "best_epoch": trial.best_epoch,
        "proposal": trial.proposal,
        "info": trial.info,
        "attempt": trial.attempt,
        "started": iso(trial.started),
        "finished": iso(trial.finished),
        "seconds": trial.seconds,
        "cohort_seconds": trial.cohort_seconds,
        "reason": trial.reason,
        "traceback": trial.traceback,
        "kept": [kept.path for kept in trial.kept],
    }
