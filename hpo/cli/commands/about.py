"""`hpo backends` and `hpo data`: what there is to compute with, and to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hpo.cli.exit_codes import FAILED, USAGE
from hpo.cli.failures import failures_told
from hpo.cli.options import JsonOption, TracebackOption
from hpo.errors import BackendError

if TYPE_CHECKING:
    from hpo.datasets import Location


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
        from hpo.cli.screen import only_documents, print_fields, print_table, write_document
        from hpo.tuner.progress.console import open_console

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


def show_data(
    fetch: Annotated[
        bool, typer.Option("--fetch", help="First bring the data into the cache, by copy or download.")
    ] = False,
    as_json: JsonOption = False,
    traceback: TracebackOption = False,
) -> None:
    """Show and fetch the data.

    Where Fashion-MNIST is looked for, what lies there, and which of it would be used.
    """
    with failures_told(show_traceback=traceback, options={"data": "hpo run --data"}):
        from hpo import datasets
        from hpo.cli.screen import DownloadProgress, only_documents, print_fields, print_table, write_document
        from hpo.tuner.progress.console import open_console

        with only_documents(as_json) as output:
            console = open_console(to_stderr=as_json)
            fetched = None
            if fetch:
                with DownloadProgress(console) as download:
                    fetched = datasets.fetch(download.update)
            places = datasets.locations()
            chosen = next((place for place in places if place.chosen), None)
            usable = chosen is None or chosen.state is datasets.FileState.VERIFIED
            if as_json:
                entries = [{**vars(place), "state": place.state.value} for place in places]
                write_document(
                    output,
                    {
                        "chosen": None if chosen is None else chosen.folder,
                        "usable": usable,
                        "fetched": fetched,
                        "locations": entries,
                    },
                )
            else:
                rows: list[list[object]] = [
                    ["*" if place.chosen else "", place.name, place.state.value, place.folder]
                    for place in places
                ]
                print_table(console, ["", "place", "state", "folder"], rows)
                console.print()
                print_fields(console, [("detail", f"{p.folder}: {p.detail}") for p in places if p.detail])
                print_fields(console, [] if fetched is None else [("fetched", f"into {fetched}")])
                print_fields(console, [("used", _used(chosen))])
        if not usable:
            raise typer.Exit(FAILED)


def _used(chosen: Location | None) -> str:
    if chosen is not None:
        return f"{chosen.name}, {chosen.folder}"
    return "none of these yet: the next use downloads it; without a network `hpo run` takes the sample"
