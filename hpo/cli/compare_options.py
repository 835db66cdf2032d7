"""The options of `hpo compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.options import (
    KEPT,
    LENGTH,
    NOT_NEGATIVE,
    OUTPUT,
    PLACE,
    POSITIVE,
    TUNED,
    AllowFunctionOption,
    Line,
    NoPlotOption,
    Options,
    SpaceOption,
    option,
)


@dataclass(frozen=True, kw_only=True)
class CompareOptions(Options):
    """What the user wants of `hpo compare`."""

    subcommand = "compare"

    objective: Annotated[
        str,
        typer.Argument(
            metavar="TASK|MODULE:FUNCTION",
            help="A ready task (softmax, mlp, lenet, dropout_mlp, digits), or your own objective, which "
            "needs --space. {backend} in it stands for the backend's name, for a model that is written once "
            "for each framework.",
        ),
    ] = "softmax"
    space: SpaceOption = None
    allow_function: AllowFunctionOption = None
    metric: Annotated[
        str | None,
        option(TUNED, "NAME", "What is compared.  [default: the only one that there is, or val_error]"),
    ] = None
    seed: Annotated[
        int,
        option(TUNED, "N", "Of configurations, initial weights and mini-batches.", NOT_NEGATIVE),
        Line(),
    ] = 0
    data: Annotated[
        str | None,
        option(
            TUNED,
            "FOLDER",
            "Where a task takes Fashion-MNIST from, or 'sample'; else the first place of `hpo data`.",
        ),
    ] = None
    trials: Annotated[int, option(LENGTH, "N", "How many configurations.", POSITIVE)] = 10
    epochs: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "How long to train each; your function gets it as max_epochs.  [default: 10 for a task]",
            POSITIVE,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        option(
            LENGTH, "N", "Examples in a mini-batch of a task whose space has none.  [default: 16]", POSITIVE
        ),
    ] = None
    backends: Annotated[
        str | None,
        option(
            PLACE,
            "NAME,...",
            "The backends, the reference first.  [default: all that are installed, and those of --python]",
        ),
    ] = None
    python: Annotated[
        list[str] | None,
        option(
            PLACE,
            "NAME=PATH",
            "The interpreter, or the folder of the environment, of a backend that is not installed here; may "
            "be repeated.",
        ),
    ] = None
    config: Annotated[
        Path | None,
        option(
            PLACE,
            "FILE",
            "TOML file whose table [python] names interpreters.  [default: hpo.toml if it is there]",
        ),
    ] = None
    twins: Annotated[
        int,
        option(
            OUTPUT,
            "N",
            "How often the reference repeats each configuration from weights that are off by one unit in the "
            "last place, to see what round-off makes of it.",
            NOT_NEGATIVE,
        ),
        Line("{} of each config on {reference}"),
    ] = 2
    tolerance: Annotated[
        float, option(OUTPUT, "X", "A difference that always counts as round-off.", NOT_NEGATIVE)
    ] = 0.001
    plot: Annotated[
        Path | None,
        option(KEPT, "FILE", "Where to save the picture.  [default: hpo-compare.png; with --json none]"),
    ] = None
    no_plot: NoPlotOption = False
