"""`hpo data`: where Fashion-MNIST lies, and fetching it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hpo.cli.failures import FAILED, failures_told
from hpo.cli.options import JsonOption, TracebackOption

if TYPE_CHECKING:
    from hpo.datasets import Location


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
    with failures_told(show_traceback=traceback):
        from hpo import datasets
        from hpo.cli.downloads import DownloadProgress
        from hpo.cli.screen import only_documents, open_console, print_fields, print_table, write_document

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
