"""`hpo run`: a search, watched."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.failures import failures_told
from hpo.cli.options import (
    ABOVE_ONE,
    ABOVE_ZERO,
    FINITE,
    KEPT,
    LENGTH,
    NOT_NEGATIVE,
    PLACE,
    POSITIVE,
    TUNED,
    JsonOption,
    NoPlotOption,
    SpaceOption,
    TracebackOption,
    flag,
    option,
)


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
    space: SpaceOption = None,
    minimize: Annotated[str | None, option(TUNED, "NAME", "The metric to make small.")] = None,
    maximize: Annotated[str | None, option(TUNED, "NAME", "The metric to make large.")] = None,
    searcher: Annotated[
        str | None,
        option(
            TUNED,
            "NAME",
            "What proposes configurations: random, sobol, grid, local, tpe, gp, or auto, which picks one.  "
            "[default: random]",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        option(
            TUNED,
            "N",
            "The same seed gives the same configurations on every backend.  [default: 0; with --warm-start "
            "the one after that study's]",
            NOT_NEGATIVE,
        ),
    ] = None,
    data: Annotated[
        str | None,
        option(
            TUNED,
            "FOLDER",
            "Where the book's job takes Fashion-MNIST from, or 'sample' for the embedded sample; else the "
            "first place of `hpo data` that has it.",
        ),
    ] = None,
    validation: Annotated[
        Validation | None,
        option(
            TUNED,
            "test|holdout",
            "What the book's job validates on: the test set as in the book, or a sixth of the training set.  "
            "[default: test]",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "How many configurations to try in all, those of a resumed study included.  [default: 10, or any "
            "number where --timeout, --target or --patience ends the search]",
            POSITIVE,
        ),
    ] = None,
    timeout: Annotated[
        float | None, option(LENGTH, "SECONDS", "End the search after so long.", ABOVE_ZERO)
    ] = None,
    target: Annotated[
        float | None,
        option(LENGTH, "VALUE", "End the search when the metric has reached this, or better.", FINITE),
    ] = None,
    patience: Annotated[
        int | None,
        option(LENGTH, "N", "End the search after so many trials in a row without a new best one.", POSITIVE),
    ] = None,
    epochs: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "How long to train each; your function gets it as max_epochs.  [default: 10]",
            POSITIVE,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        option(
            LENGTH,
            "NAME",
            "Stop bad trials early: asha, asha-stopping, hyperband, successive-halving or median; fifo "
            "trains each to its end.  [default: fifo]",
        ),
    ] = None,
    min_epochs: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "After so many epochs a --scheduler compares trials for the first time.  [default: 1]",
            POSITIVE,
        ),
    ] = None,
    max_epochs: Annotated[
        int | None,
        option(LENGTH, "N", "A full training under a --scheduler; the same as --epochs.", POSITIVE),
    ] = None,
    eta: Annotated[
        float | None,
        option(
            LENGTH, "X", "One trial of so many goes on, to so many times the epochs.  [default: 3]", ABOVE_ONE
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        option(LENGTH, "N", "Examples in a mini-batch of the book's job.  [default: 16]", POSITIVE),
    ] = None,
    replicates: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "Train each configuration on so many draws of initial weights and batch orders; its metrics are "
            "the means.  [default: 1]",
            POSITIVE,
        ),
    ] = None,
    backend: Annotated[
        str | None, option(PLACE, "NAME", "The framework, see `hpo backends`; else HPO_BACKEND decides.")
    ] = None,
    device: Annotated[
        str | None, option(PLACE, "NAME", "cpu, cuda:0, mps, auto, ...; else HPO_DEVICE decides.")
    ] = None,
    workers: Annotated[
        int | None,
        option(PLACE, "N", "Processes that run trials side by side.  [default: 1, this one]", POSITIVE),
    ] = None,
    fuse: Annotated[
        str | None,
        option(
            PLACE,
            "auto|N",
            "How many configurations train together in one computation, where the objective allows it: as "
            "many as it pays, or so many; 1 trains one after the other.  [default: auto]",
        ),
    ] = None,
    memory_limit: Annotated[
        str | None,
        option(
            PLACE,
            "SIZE",
            "Memory that a worker may hold, such as 2GB; a trial that takes more is tried again, then "
            "failed.",
        ),
    ] = None,
    trial_timeout: Annotated[
        float | None,
        option(
            PLACE,
            "SECONDS",
            "How long a trial may run; one that takes longer is tried again, then failed.",
            ABOVE_ZERO,
        ),
    ] = None,
    storage: Annotated[
        str | None,
        option(
            KEPT,
            "FILE",
            "Keep the study in this file, an SQLite database for any number of studies; without it nothing "
            "outlives the command.",
        ),
    ] = None,
    name: Annotated[
        str | None, option(KEPT, "NAME", "What the study is called; else as its objective.")
    ] = None,
    resume: Annotated[
        bool, flag(KEPT, "--resume", "Go on with the study of this name if it is there.")
    ] = False,
    warm_start: Annotated[
        str | None,
        option(KEPT, "NAME", "Start a new study from the results of this one, in the same storage."),
    ] = None,
    keep: Annotated[
        Kept | None,
        option(KEPT, "best|all|none", "Whose trained models to keep beside the storage.  [default: best]"),
    ] = None,
    plot: Annotated[
        Path | None,
        option(KEPT, "FILE", "Where to save the scatter plot.  [default: hpo-run.png; with --json none]"),
    ] = None,
    no_plot: NoPlotOption = False,
    as_json: JsonOption = False,
    traceback: TracebackOption = False,
) -> None:
    """Search for good hyperparameters.

    Without an argument ten learning rates are tried for softmax regression on Fashion-MNIST. Ctrl-C ends
    the search, shows what it found and says how to go on; Ctrl-C twice ends it at once. Exit codes: 0, 1
    failed, 2 wrong usage, 130 interrupted.
    """
    with failures_told(show_traceback=traceback):
        from hpo.cli.options import CommandLine
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
