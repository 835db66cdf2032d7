"""`hpo backends`: which frameworks are there, and which one would be chosen."""

from __future__ import annotations

import typer

from hpo.cli.failures import USAGE, failures_told
from hpo.cli.options import JsonOption, TracebackOption


def list_backends(
    as_json: JsonOption = False,
    traceback: TracebackOption = False,
) -> None:
    """Show which frameworks can be used.

    Each with its version and devices, or how to install it; and which one would be chosen and why.
    """
    with failures_told(show_traceback=traceback):
        from hpo.backend import registry
        from hpo.cli.probe import probe_all
        from hpo.cli.screen import only_documents, open_console, print_fields, print_table, write_document
        from hpo.errors import BackendError

        with only_documents(as_json) as output:
            console = open_console(to_stderr=as_json)
            findings = probe_all(list(registry.registered()))
            try:
                choice = registry.choose()
                chosen, reason = choice.name, choice.reason
            except BackendError as error:
                chosen, reason = None, str(error)
            if as_json:
                backends = [{**vars(each), "state": each.state.value} for each in findings]
                write_document(output, {"chosen": chosen, "reason": reason, "backends": backends})
            else:
                rows: list[list[object]] = [
                    [
                        "*" if each.name == chosen else "",
                        each.name,
                        each.version or "",
                        each.state.value,
                        ", ".join(each.devices),
                    ]
                    for each in findings
                ]
                print_table(console, ["", "backend", "version", "state", "devices"], rows)
                console.print()
                print_fields(console, [(each.name, each.detail) for each in findings if each.detail])
                device = next((each.device for each in findings if each.name == chosen), None)
                where = f" on {device}" if device else ""
                print_fields(console, [("chosen", f"{chosen or 'none'}{where}, because {reason}")])
        if chosen is None:
            raise typer.Exit(USAGE)
