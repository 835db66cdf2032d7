"""`hpo compare`: the same study on several backends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.failures import TracebackOption, failures_told
from hpo.cli.run import KEPT, LENGTH, OUTPUT, PLACE, TUNED, at_least


def compare(
    objective: Annotated[
        str,
        typer.Argument(
            metavar="TASK|MODULE:FUNCTION",
            help="A ready task (softmax, mlp, lenet, dropout_mlp, digits), or your own objective, which "
            "needs --space. {backend} in it stands for the backend's name, for a model that is written once "
            "for each framework.",
        ),
    ] = "softmax",
    space: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", rich_help_panel=TUNED, help="TOML file with the space of your objective."
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=TUNED,
            help="What is compared.  [default: the only one that there is, or val_error]",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            callback=at_least(0),
            rich_help_panel=TUNED,
            help="Of configurations, initial weights and mini-batches.",
        ),
    ] = 0,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=TUNED,
            help="Where a task takes Fashion-MNIST from, or 'sample'; else the first place of `hpo data`.",
        ),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(
            metavar="N", callback=at_least(1), rich_help_panel=LENGTH, help="How many configurations."
        ),
    ] = 10,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="How long to train each; your function gets it as max_epochs.  [default: 10 for a task]",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="Examples in a mini-batch of a task whose space has none.  [default: 16]",
        ),
    ] = None,
    backends: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            rich_help_panel=PLACE,
            help="The backends, the reference first.  [default: all that are installed, and those of "
            "--python]",
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PATH",
            rich_help_panel=PLACE,
            help="The interpreter, or the folder of the environment, of a backend that is not installed "
            "here; may be repeated.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=PLACE,
            help="TOML file whose table [python] names interpreters.  [default: hpo.toml if it is there]",
        ),
    ] = None,
    twins: Annotated[
        int,
        typer.Option(
            metavar="N",
            callback=at_least(0),
            rich_help_panel=OUTPUT,
            help="How often the reference repeats each configuration from weights that are off by one unit "
            "in the last place, to see what round-off makes of it.",
        ),
    ] = 2,
    tolerance: Annotated[
        float,
        typer.Option(
            metavar="X", min=0, rich_help_panel=OUTPUT, help="A difference that always counts as round-off."
        ),
    ] = 0.001,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=KEPT,
            help="Where to save the picture.  [default: hpo-compare.png; with --json none]",
        ),
    ] = None,
    no_plot: Annotated[
        bool, typer.Option("--no-plot", rich_help_panel=KEPT, help="Save no picture.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print one JSON document.")
    ] = False,
    traceback: TracebackOption = False,
) -> None:
    """Train the same configurations on several frameworks and say whether they agree.

    Each runs in a process of its own, perhaps in another environment. Exit codes: 0 the same, 1 more than
    round-off explains or a process that died, 2 wrong usage, 130 interrupted.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.comparing import Wish, carry_out

        raise typer.Exit(
            carry_out(
                Wish(
                    objective=objective,
                    space=space,
                    metric=metric,
                    seed=seed,
                    data=data,
                    trials=trials,
                    epochs=epochs,
                    batch_size=batch_size,
                    backends=backends,
                    python=tuple(python or ()),
                    config=config,
                    twins=twins,
                    tolerance=tolerance,
                    plot=plot,
                    no_plot=no_plot,
                    as_json=as_json,
                )
            )
        )
