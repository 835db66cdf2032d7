"""`hpo run`: a search, watched."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.failures import failures_told

TUNED = "What is tuned"
LENGTH = "How long it takes"
PLACE = "Where it runs"
KEPT = "What is kept"
OUTPUT = "What is shown"


def at_least(lowest: int) -> Callable[[int | None], int | None]:
    """A check of an option that says what was received, in the words of every Typer."""

    def check(value: int | None) -> int | None:
        if value is not None and value < lowest:
            raise typer.BadParameter(f"it must be at least {lowest}; received {value}.")
        return value

    return check


def _above_one(value: float | None) -> float | None:
    if value is not None and not (value > 1 and math.isfinite(value)):
        raise typer.BadParameter(f"it must be a number above 1; received {value:g}.")
    return value


def _above_zero(value: float | None) -> float | None:
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise typer.BadParameter(f"it must be a number above 0; received {value:g}.")
    return value


def _finite(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"it must be a number that can be reached; received {value:g}.")
    return value


class Validation(str, Enum):
    """What the book's job validates on."""

    TEST = "test"
    HOLDOUT = "holdout"


class Kept(str, Enum):
    """Whose trained models are kept."""

    BEST = "best"
    ALL = "all"
    NONE = "none"


def run_search(
    context: typer.Context,
    objective: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE:FUNCTION",
            show_default=False,
            help="Your own objective, importable from the current folder; needs --space. Without it the "
            "book's job runs: softmax regression on Fashion-MNIST.",
        ),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", rich_help_panel=TUNED, help="TOML file with the space of your objective."
        ),
    ] = None,
    minimize: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=TUNED, help="The metric to make small.")
    ] = None,
    maximize: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=TUNED, help="The metric to make large.")
    ] = None,
    searcher: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=TUNED,
            help="What proposes configurations: random, sobol, grid, local, tpe, gp, or auto, which picks "
            "one.  [default: random]",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(0),
            rich_help_panel=TUNED,
            help="The same seed gives the same configurations on every backend.  [default: 0; with "
            "--warm-start the one after that study's]",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=TUNED,
            help="Where the book's job takes Fashion-MNIST from, or 'sample' for the embedded sample; else "
            "the first place of `hpo data` that has it.",
        ),
    ] = None,
    validation: Annotated[
        Validation | None,
        typer.Option(
            metavar="test|holdout",
            rich_help_panel=TUNED,
            help="What the book's job validates on: the test set as in the book, or a sixth of the "
            "training set.  [default: test]",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="How many configurations to try in all, those of a resumed study included.  [default: 10, "
            "or any number where --timeout, --target or --patience ends the search]",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            callback=_above_zero,
            rich_help_panel=LENGTH,
            help="End the search after so long.",
        ),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            metavar="VALUE",
            callback=_finite,
            rich_help_panel=LENGTH,
            help="End the search when the metric has reached this, or better.",
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="End the search after so many trials in a row without a new best one.",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="How long to train each; your function gets it as max_epochs.  [default: 10]",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=LENGTH,
            help="Stop bad trials early: asha, asha-stopping, hyperband, successive-halving or median; fifo "
            "trains each to its end.  [default: fifo]",
        ),
    ] = None,
    min_epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="After so many epochs a --scheduler compares trials for the first time.  [default: 1]",
        ),
    ] = None,
    max_epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="A full training under a --scheduler; the same as --epochs.",
        ),
    ] = None,
    eta: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            callback=_above_one,
            rich_help_panel=LENGTH,
            help="One trial of so many goes on, to so many times the epochs.  [default: 3]",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="Examples in a mini-batch of the book's job.  [default: 16]",
        ),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=LENGTH,
            help="Train each configuration on so many draws of initial weights and batch orders; its "
            "metrics are the means.  [default: 1]",
        ),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=PLACE,
            help="The framework, see `hpo backends`; else HPO_BACKEND decides.",
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=PLACE,
            help="cpu, cuda:0, mps, auto, ...; else HPO_DEVICE decides.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            callback=at_least(1),
            rich_help_panel=PLACE,
            help="Processes that run trials side by side.  [default: 1, this one]",
        ),
    ] = None,
    fuse: Annotated[
        str | None,
        typer.Option(
            metavar="auto|N",
            rich_help_panel=PLACE,
            help="How many configurations train together in one computation, where the objective allows it: "
            "as many as it pays, or so many; 1 trains one after the other.  [default: auto]",
        ),
    ] = None,
    memory_limit: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            rich_help_panel=PLACE,
            help="Memory that a worker may hold, such as 2GB; a trial that takes more is tried again, then "
            "failed.",
        ),
    ] = None,
    trial_timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            callback=_above_zero,
            rich_help_panel=PLACE,
            help="How long a trial may run; one that takes longer is tried again, then failed.",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=KEPT,
            help="Keep the study in this file, an SQLite database for any number of studies; without it "
            "nothing outlives the command.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=KEPT, help="What the study is called; else as its objective."
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", rich_help_panel=KEPT, help="Go on with the study of this name if it is there."
        ),
    ] = False,
    warm_start: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=KEPT,
            help="Start a new study from the results of this one, in the same storage.",
        ),
    ] = None,
    keep: Annotated[
        Kept | None,
        typer.Option(
            metavar="best|all|none",
            rich_help_panel=KEPT,
            help="Whose trained models to keep beside the storage.  [default: best]",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=KEPT,
            help="Where to save the scatter plot.  [default: hpo-run.png; with --json none]",
        ),
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", rich_help_panel=KEPT, help="Save no plot.")] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            rich_help_panel=OUTPUT,
            help="Print one JSON document, and nothing else, on standard output.",
        ),
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option(
            "--traceback",
            rich_help_panel=OUTPUT,
            help="Show where an error came from (also: HPO_DEBUG=1).",
        ),
    ] = False,
) -> None:
    """Search for good hyperparameters.

    Without an argument ten learning rates are tried for softmax regression on Fashion-MNIST. Ctrl-C ends
    the search, shows what it found and says how to go on; Ctrl-C twice ends it at once. Exit codes: 0, 1
    failed, 2 wrong usage, 130 interrupted.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.again import CommandLine
        from hpo.cli.request import Request
        from hpo.cli.session import carry_out

        code = carry_out(
            Request(
                objective=objective,
                space=space,
                minimize=minimize,
                maximize=maximize,
                trials=trials,
                timeout=timeout,
                target=target,
                patience=patience,
                epochs=max_epochs if epochs is None else epochs,
                searcher=searcher,
                scheduler=scheduler,
                min_epochs=min_epochs,
                max_epochs=max_epochs,
                eta=eta,
                replicates=replicates,
                batch_size=batch_size,
                data=data,
                validation=None if validation is None else validation.value,
                backend=backend,
                device=device,
                seed=seed,
                workers=workers,
                fuse=fuse,
                memory_limit=memory_limit,
                trial_timeout=trial_timeout,
                storage=storage,
                name=name,
                resume=resume,
                keep=None if keep is None else keep.value,
                warm_start=warm_start,
                plot=plot,
                no_plot=no_plot,
                as_json=as_json,
                command=CommandLine.of(context),
            )
        )
        raise typer.Exit(code)
