"""`hpo report`: studies as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.commands.studies import StorageArgument
from hpo.cli.failures import failures_told
from hpo.cli.options import TracebackOption

DEFAULT_OUTPUT = Path("report.html")


def report_studies(
    file: StorageArgument,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            help="What the study is called; may be left out if there is only one. Several are compared.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to, complete or not at all; what was there is replaced.",
        ),
    ] = DEFAULT_OUTPUT,
    traceback: TracebackOption = False,
) -> None:
    """Write a report of a study as one HTML file.

    It opens in any browser and needs nothing beside it: the best trial and how it was found, every trial with
    its life, learning curves, what mattered, and how the study was made and goes on.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.failures import wrong_arguments
        from hpo.cli.studies import storage_to_read, study_in
        from hpo.cli.study_page import size_text
        from hpo.page.files import check_page_path, save
        from hpo.tuner.progress.console import open_console, print_line

        with wrong_arguments():
            target = check_page_path(output, [file])
        with storage_to_read(file) as storage:
            studies = [study_in(storage, file, name, "report") for name in names or (None,)]
            save(studies, target)
        said = repr(studies[0].name) if len(studies) == 1 else f"{len(studies)} studies"
        size = size_text(target.stat().st_size)
        print_line(open_console(to_stderr=False), f"report of {said} in {target}, {size}")
