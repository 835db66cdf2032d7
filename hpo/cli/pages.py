"""The live page as a command: what it says, and how it ends."""

from __future__ import annotations

import webbrowser
from typing import Any

from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.studies import wrong_storage
from hpo.page.address import Address
from hpo.page.server import serve
from hpo.tuner.progress.console import open_console, print_line


def serve_until_interrupted(target: str, *, open_browser: bool, **options: Any) -> None:
    """Serve the page of a file or folder until Ctrl-C.

    Args:
        target: the file or folder.
        open_browser: whether to open the page in the browser, too.
        options: those of `hpo.page.server.serve`.

    Raises:
        UsageError: it cannot be served as it was asked for.
    """
    console = open_console(to_stderr=False)

    def started(address: Address) -> None:
        print_line(console, f"{target} is shown at {address.url}")
        if address.token is not None:
            print_line(console, "This address has the token in it, which is not shown again.")
        if address.token is not None and not address.is_local and not address.is_encrypted:
            print_line(console, "Without TLS, whatever is on the way can read the token and the page.")
        print_line(console, "Ctrl-C ends it.")
        if open_browser:
            webbrowser.open(address.url)

    try:
        with wrong_storage(), wrong_arguments():
            serve(target, **options, on_start=started)
    except ImportError as error:
        raise UsageError(str(error)) from error
    except KeyboardInterrupt:
        pass  # it ends in this way; where the shell began it with Ctrl-C ignored, it returns
    print_line(console, "The page has ended.")
