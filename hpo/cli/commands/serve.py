"""`hpo serve`: studies in the browser, while they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.failures import failures_told
from hpo.cli.options import TracebackOption

_ADDRESS = "Where it listens"


def serve_studies(
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER",
            show_default=False,
            help="A storage, such as study.db, or a folder of them.",
        ),
    ],
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    host: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            rich_help_panel=_ADDRESS,
            help="The name or address to listen at; 0.0.0.0 for all of this machine's. Beyond 127.0.0.1 a "
            "token is demanded, which the printed address has in it, and TLS.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=65535,
            show_default=False,
            rich_help_panel=_ADDRESS,
            help="The port; 0 for a free one.  [default: 8765, or the next one that is free]",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_ADDRESS,
            help="A certificate for TLS, with those above it (PEM).",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=_ADDRESS, help="Its key, if that is in another file (PEM)."
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            rich_help_panel=_ADDRESS,
            help="One more name by which browsers call the server, such as that of a proxy before it; then a "
            "token is demanded. May be repeated.",
        ),
    ] = None,
    plain_http: Annotated[
        bool,
        typer.Option(
            "--plain-http",
            rich_help_panel=_ADDRESS,
            help="Do without TLS beyond 127.0.0.1, in a network that you trust.",
        ),
    ] = False,
    traceback: TracebackOption = False,
) -> None:
    """Show studies in the browser while they run.

    What is committed to a study appears within a second. Nothing is written: no search notices the page.
    Ctrl-C ends it.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.pages import serve_until_interrupted

        serve_until_interrupted(
            target,
            open_browser=open_browser,
            host=host,
            port=port,
            certificate=certificate,
            key=key,
            allow_hosts=allow_host or [],
            plain_http=plain_http,
        )
