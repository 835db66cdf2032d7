"""The subcommands put together."""

from __future__ import annotations

from typing import Annotated

import typer

from hpo.cli.commands.about import list_backends
from hpo.cli.commands.check_port import check_port
from hpo.cli.commands.compare import compare
from hpo.cli.commands.data import show_data
from hpo.cli.commands.export import export_study
from hpo.cli.commands.plot import plot_study
from hpo.cli.commands.run import run_search
from hpo.cli.commands.show import show_study
from hpo.cli.commands.studies import list_studies
from hpo.cli.grouping import GroupedCommand

# Plain help: the styled one needs rich, which would double the time that `hpo --help` takes.
app = typer.Typer(
    name="hpo",
    help="Tune hyperparameters, with the same search on NumPy and every deep-learning framework.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", cls=GroupedCommand)(run_search)
app.command("compare", cls=GroupedCommand)(compare)
app.command("check-port", cls=GroupedCommand)(check_port)
app.command("list")(list_studies)
app.command("show")(show_study)
app.command("export")(export_study)
app.command("plot")(plot_study)
app.command("backends")(list_backends)
app.command("data")(show_data)


def _print_version(wanted: bool) -> None:
    if wanted:
        from hpo.version import __version__

        typer.echo(f"hpo {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before the subcommand."""
