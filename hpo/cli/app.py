"""The subcommands put together."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hpo.cli.commands.about import list_backends, show_data
from hpo.cli.commands.check_port import check_port
from hpo.cli.commands.compare import compare
from hpo.cli.commands.report import report_studies
from hpo.cli.commands.run import run_search
from hpo.cli.commands.serve import serve_studies
from hpo.cli.commands.studies import export_study, list_studies, plot_study, show_study
from hpo.cli.commands.sweep import sweep_study
from hpo.cli.kinds import described_kinds
from hpo.cli.order import OrderedCommand
from hpo.version import __version__


class GroupedCommand(OrderedCommand):
    """Lists its options under the `rich_help_panel` of each, in plain text too."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, a section for each group in the order of their first options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            line = parameter.get_help_record(ctx)
            if line is not None:
                kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
                title = getattr(parameter, "rich_help_panel", None) or kind
                sections.setdefault(title, []).append(line)
        for title, lines in sections.items():
            with formatter.section(title):
                formatter.write_dl(lines)


class PlotCommand(OrderedCommand):
    """Lists the kinds of figures at the end of its help."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what each kind draws, as its function says it."""
        with formatter.section("Kinds"):
            formatter.write_dl(described_kinds())


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
app.command("list", cls=OrderedCommand)(list_studies)
app.command("show", cls=OrderedCommand)(show_study)
app.command("export", cls=OrderedCommand)(export_study)
app.command("plot", cls=PlotCommand)(plot_study)
app.command("report", cls=OrderedCommand)(report_studies)
app.command("serve", cls=GroupedCommand)(serve_studies)
app.command("sweep", cls=OrderedCommand)(sweep_study)
app.command("backends", cls=OrderedCommand)(list_backends)
app.command("data", cls=OrderedCommand)(show_data)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hpo {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before the subcommand."""
