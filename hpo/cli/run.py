"""`hpo run`: a search, watched."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.failures import TracebackOption, failures_told


def _at_least(lowest: int) -> Callable[[int | None], int | None]:
    """A check of an option that says what was received, in the words of every Typer."""

    def check(value: int | None) -> int | None:
        if value is not None and value < lowest:
            raise typer.BadParameter(f"it must be at least {lowest}; received {value}.")
        return value

    return check


class Validation(str, Enum):
    """What the book's job validates on."""

    TEST = "test"
    HOLDOUT = "holdout"


def run_search(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE:FUNCTION",
            show_default=False,
            help="Your own objective, importable from the current folder; needs --space. Without it the "
            "book's job runs: softmax regression on Fashion-MNIST.",
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option(metavar="FILE", help="TOML file with the space of your objective.")
    ] = None,
    minimize: Annotated[str | None, typer.Option(metavar="NAME", help="The metric to make small.")] = None,
    maximize: Annotated[str | None, typer.Option(metavar="NAME", help="The metric to make large.")] = None,
    backend: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The framework, see `hpo backends`; else HPO_BACKEND decides."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="cpu, cuda:0, mps, auto, ...; else HPO_DEVICE decides."),
    ] = None,
    trials: Annotated[
        int, typer.Option(metavar="N", callback=_at_least(1), help="How many configurations to try.")
    ] = 10,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=_at_least(1),
            help="How long to train each; your function gets it as max_epochs.  [default: 10]",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=_at_least(1),
            help="Examples in a mini-batch of the book's job.  [default: 16]",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            callback=_at_least(0),
            help="The same seed gives the same configurations on every backend.",
        ),
    ] = 0,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the book's job takes Fashion-MNIST from, or 'sample' for the embedded sample; else "
            "the first place of `hpo data` that has it.",
        ),
    ] = None,
    validation: Annotated[
        Validation | None,
        typer.Option(
            metavar="test|holdout",
            help="What the book's job validates on: the test set as in the book, or a sixth of the "
            "training set.  [default: test]",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to save the scatter plot.  [default: hpo-run.png; with --json none]",
        ),
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Save no plot.")] = False,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the study is called; else as its objective.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, and nothing else, on standard output.")
    ] = False,
    traceback: TracebackOption = False,
) -> None:
    """Search for good hyperparameters.

    Without an argument ten learning rates are tried for softmax regression on Fashion-MNIST. Ctrl-C ends
    the search and shows what it found. Exit codes: 0, 1 failed, 2 wrong usage, 130 interrupted.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.session import Request, carry_out

        code = carry_out(
            Request(
                target=target,
                space=space,
                minimize=minimize,
                maximize=maximize,
                backend=backend,
                device=device,
                trials=trials,
                epochs=epochs,
                batch_size=batch_size,
                seed=seed,
                data=data,
                validation=None if validation is None else validation.value,
                plot=plot,
                no_plot=no_plot,
                name=name,
                as_json=as_json,
            )
        )
        raise typer.Exit(code)
