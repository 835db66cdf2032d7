"""Where a command saves its picture."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from hpo.cli.compare_options import CompareOptions
from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.run_options import RunOptions
from hpo.plots import check_plot_path
from hpo.tuner.progress.console import print_line


def picture_path(options: RunOptions | CompareOptions, console: Console, default: Path) -> Path | None:
    """Where the picture will go, checked now; None for none.

    Args:
        options: what the user wants.
        console: where a warning goes.
        default: the path where none was asked for. If it cannot be written there is a warning and no picture;
            with --json there is no such picture.

    Raises:
        UsageError: the picture was asked for, and cannot be saved or is not wanted.
    """
    if options.no_plot:
        if options.plot is not None:
            raise UsageError(f"--plot {options.plot} and --no-plot contradict each other: leave one out.")
        return None
    if options.plot is not None:
        with wrong_arguments():
            return check_plot_path(options.plot)
    if options.as_json:
        return None
    try:
        return check_plot_path(default)
    except OSError as error:
        print_line(console, f"Warning: {error} There will be no picture.", style="yellow")
        return None
