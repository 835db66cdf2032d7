"""`hpo show`: a study of a storage, or one of its trials."""

from __future__ import annotations

from typing import Annotated

import typer

from hpo.cli.failures import failures_told
from hpo.cli.options import JsonOption, NameArgument, StorageArgument, TracebackOption


def show_study(
    file: StorageArgument,
    name: NameArgument = None,
    trial: Annotated[
        int | None, typer.Option(metavar="N", help="Show the whole life of this trial instead.")
    ] = None,
    as_json: JsonOption = False,
    traceback: TracebackOption = False,
) -> None:
    """Show a study, or one of its trials.

    A study with its best trials, its notes, and the models that were kept. A trial with its config, all
    of its starts, reports and decisions with their reasons, its checkpoints, and why it failed.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.screen import only_documents, open_console, write_document
        from hpo.cli.studies import storage_to_read, study_in
        from hpo.cli.study_page import document_of_study, print_study
        from hpo.cli.trial_page import document_of_trial, print_trial

        with only_documents(as_json) as output, storage_to_read(file) as storage:
            study = study_in(storage, file, name, "show")
            console = open_console(to_stderr=as_json)
            if trial is None and as_json:
                write_document(output, document_of_study(study, file))
            elif trial is None:
                print_study(console, study, file)
            elif as_json:
                write_document(output, document_of_trial(study, trial, file))
            else:
                print_trial(console, study, trial, file)
