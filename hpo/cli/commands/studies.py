"""`hpo list`, `show`, `export` and `plot`: the studies of a storage."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import typer

from hpo.cli.failures import failures_told, wrong_arguments
from hpo.cli.options import JsonOption, TracebackOption

StorageArgument = Annotated[
    str, typer.Argument(metavar="FILE", show_default=False, help="The storage, such as study.db.")
]
NameArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        show_default=False,
        help="What the study is called; may be left out if there is only one.",
    ),
]


def list_studies(
    file: StorageArgument,
    as_json: JsonOption = False,
    traceback: TracebackOption = False,
) -> None:
    """Show the studies of a storage.

    Each with its trials, what it optimises, its best value, its backend, its objective, and when it was
    created and last written to.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.report import document_of_studies, print_studies
        from hpo.cli.screen import only_documents, write_document
        from hpo.cli.studies import storage_to_read
        from hpo.tuner.progress.console import open_console

        with only_documents(as_json) as output, storage_to_read(file) as storage:
            if as_json:
                write_document(output, document_of_studies(storage, file))
            else:
                print_studies(open_console(to_stderr=False), storage, file)


def show_study(
    file: StorageArgument,
    name: NameArgument = None,
    trial: Annotated[
        int | None, typer.Option(metavar="N", help="Show the whole life of this trial instead.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="all|NAME,...", help="Metrics to show beside what was optimised.  [default: none]"
        ),
    ] = None,
    as_json: JsonOption = False,
    traceback: TracebackOption = False,
) -> None:
    """Show a study, or one of its trials.

    A study with its best trials, its notes, and the models that were kept. A trial with its config, all
    of its starts, reports and decisions with their reasons, its checkpoints, and why it failed.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.screen import only_documents, write_document
        from hpo.cli.studies import storage_to_read, study_in
        from hpo.cli.study_page import document_of_study, print_study
        from hpo.cli.trial_page import document_of_trial, print_trial
        from hpo.tuner.progress.console import open_console

        with only_documents(as_json) as output, storage_to_read(file) as storage:
            study = study_in(storage, file, name, "show")
            console = open_console(to_stderr=as_json)
            if trial is None and as_json:
                write_document(output, document_of_study(study, file))
            elif trial is None:
                with wrong_arguments():
                    print_study(console, study, file, metrics=_named(metrics))
            elif as_json:
                write_document(output, document_of_trial(study, trial, file))
            else:
                print_trial(console, study, trial, file)


def _named(metrics: str | None) -> Literal["all"] | list[str]:
    """The names in the text of `--metrics`."""
    if metrics == "all":
        return "all"
    return [name.strip() for name in (metrics or "").split(",") if name.strip()]


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
        from hpo.cli.studies import storage_to_read, study_in
        from hpo.tuner.progress.console import open_console, print_line

        if output is not None:
            check_output(output, file)
        with storage_to_read(file) as storage:
            study = study_in(storage, file, name, "export")
            by_suffix = Format.JSONL if output is not None and output.suffix == ".jsonl" else Format.CSV
            count = export(study, what.value, (form or by_suffix).value, output)
        if output is not None:
            print_line(open_console(to_stderr=False), f"{count} {what.value} of {study.name!r} in {output}")


def plot_study(
    file: StorageArgument,
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", show_default=False, help="What to draw, such as history."),
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What the study is called; not needed if there is only one."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to save it; the suffix says the format.  [default: NAME-KIND.png]",
        ),
    ] = None,
    traceback: TracebackOption = False,
) -> None:
    """Save a figure of a study."""
    with failures_told(show_traceback=traceback):
        from hpo.cli.studies import storage_to_read, study_in
        from hpo.plots import check_plot_path, plot, save
        from hpo.plots.kinds import check_kind
        from hpo.tuner.progress.console import open_console, print_line

        with wrong_arguments():
            check_kind(kind)
        with storage_to_read(file) as storage:
            study = study_in(storage, file, name, "plot", f"{kind} --name ")
            with wrong_arguments():
                target = check_plot_path(output or f"{study.name.replace('/', '-')}-{kind}.png")
                figure = plot(study, kind)
        save(figure, target)
        print_line(open_console(to_stderr=False), f"{kind} of {study.name!r} in {target}")
