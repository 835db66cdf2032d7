"""`hpo plot`: a figure of a stored study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.failures import failures_told
from hpo.cli.options import StorageArgument, TracebackOption


def plot_study(
    file: StorageArgument,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", show_default=False, help="What to draw, for example scatter.")
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
    """Save a figure of a study.

    A KIND that does not exist, such as `list`, is answered with those that do.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.failures import wrong_arguments
        from hpo.cli.screen import open_console, print_line
        from hpo.cli.studies import storage_to_read, study_in
        from hpo.plots import check_plot_path, plot, save

        with storage_to_read(file) as storage:
            study = study_in(storage, file, name, "plot", f"{kind} --name ")
            with wrong_arguments():
                target = check_plot_path(output or f"{study.name.replace('/', '-')}-{kind}.png")
                figure = plot(study, kind)
        save(figure, target)
        print_line(open_console(to_stderr=False), f"{kind} of {study.name!r} in {target}")
