"""`hpo export`: a study as a file for other programs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.failures import failures_told
from hpo.cli.options import NameArgument, StorageArgument, TracebackOption


class Format(str, Enum):
    """How the rows are written."""

    CSV = "csv"
    JSONL = "jsonl"


class What(str, Enum):
    """What a row is."""

    TRIALS = "trials"
    REPORTS = "reports"
    EVENTS = "events"


def export_study(
    file: StorageArgument,
    name: NameArgument = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="csv|jsonl",
            help="A table for spreadsheets and data frames, or a JSON object in each line.  [default: by "
            "the suffix of the output, else csv]",
        ),
    ] = None,
    what: Annotated[
        What,
        typer.Option(
            metavar="trials|reports|events",
            show_default=False,
            help="A row for each trial, for each epoch of each trial, or for each event of the log as it "
            "is.  [default: trials]",
        ),
    ] = What.TRIALS,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to, complete or not at all; what was there is replaced.  [default: standard output]",
        ),
    ] = None,
    traceback: TracebackOption = False,
) -> None:
    """Write a study as CSV or JSON lines.

    NaN and infinity are nan, inf and -inf. Text that a spreadsheet would take for a formula gets an
    apostrophe before it.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.rows import check_output, export
        from hpo.cli.screen import open_console, print_line
        from hpo.cli.studies import storage_to_read, study_in

        if output is not None:
            check_output(output, file)
        with storage_to_read(file) as storage:
            study = study_in(storage, file, name, "export")
            by_suffix = Format.JSONL if output is not None and output.suffix == ".jsonl" else Format.CSV
            count = export(study, what.value, (form or by_suffix).value, output)
        if output is not None:
            print_line(open_console(to_stderr=False), f"{count} {what.value} of {study.name!r} in {output}")
