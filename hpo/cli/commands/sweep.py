"""`hpo sweep`: remove what a killed search left behind."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from hpo.cli.commands.studies import NameArgument, StorageArgument
from hpo.cli.failures import failures_told
from hpo.cli.options import TracebackOption


class Whose(str, Enum):
    """Whose trained models stay."""

    BEST = "best"
    ALL = "all"
    NONE = "none"


def sweep_study(
    file: StorageArgument,
    name: NameArgument = None,
    keep: Annotated[
        Whose | None,
        typer.Option(
            metavar="best|all|none",
            show_default=False,
            help="Whose trained models stay.  [default: as the study's log says; where it does not, all]",
        ),
    ] = None,
    traceback: TracebackOption = False,
) -> None:
    """Remove the checkpoints of a study that nothing needs any more.

    A search that was killed may leave some behind; a resume removes them, too. What running trials need, and
    what is no checkpoint, stays. It may be done while the study is searched.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.studies import storage_to_read, study_in
        from hpo.cli.study_page import size_text
        from hpo.errors import CheckpointError
        from hpo.study.keep import checked_keep
        from hpo.study.numbers import counted
        from hpo.study.sweep import sweep
        from hpo.study.writer import Writer
        from hpo.tuner.progress.console import open_console, print_line

        with storage_to_read(file) as storage:
            study = study_in(storage, file, name, "sweep")
            history = study.history
            kept = history.keep or "all" if keep is None else checked_keep(keep.value)
            swept = sweep(history, kept, Writer(study).read_on)
        files = counted(swept.files, "file")
        place = "" if history.folder is None else f" from {history.folder.path}"
        done = f"{files} ({size_text(swept.bytes)}) of {study.name!r} removed{place}"
        print_line(open_console(to_stderr=False), done)
        if swept.refused is not None:
            raise CheckpointError(
                f"Not all files that nothing needs could be removed. {swept.refused}. Let its folder be "
                f"written, and sweep again."
            )
