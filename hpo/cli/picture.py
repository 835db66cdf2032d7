"""Where a command saves its picture."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.screen import print_line
from hpo.plots import check_plot_path


def picture_path(
    given: Path | None, console: Console, *, default: Path, wanted: bool, shown: bool
) -> Path | None:
    """Where the picture will go, checked now; None for none.

    The default one is no reason to fail: it was not asked for by name.

    Args:
        given: the path that was asked for.
        console: where a warning goes.
        default: the path otherwise.
        wanted: False if there is to be none.
        shown: whether the default one is saved where none was asked for.

    Raises:
        UsageError: it was asked for, and cannot be saved or is not wanted.
    """
    if not wanted:
        if given is not None:
            raise UsageError(f"--plot {given} and --no-plot contradict each other: leave one out.")
        return None
    if given is not None:
        with wrong_arguments():
            return check_plot_path(given)
    if not shown:
        return None
    try:
        return check_plot_path(default)
    except OSError as error:
        print_line(console, f"Warning: {error} There will be no picture.", style="yellow")
        return None
