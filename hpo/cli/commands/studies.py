"""`hpo list`: the studies of a storage."""

from __future__ import annotations

from hpo.cli.failures import failures_told
from hpo.cli.options import JsonOption, StorageArgument, TracebackOption


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
        from hpo.cli.listing import document_of_studies, print_studies
        from hpo.cli.screen import only_documents, open_console, write_document
        from hpo.cli.studies import storage_to_read

        with only_documents(as_json) as output, storage_to_read(file) as storage:
            if as_json:
                write_document(output, document_of_studies(storage, file))
            else:
                print_studies(open_console(to_stderr=False), storage, file)
