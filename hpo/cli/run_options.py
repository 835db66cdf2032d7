"""The options of `hpo run`, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from hpo.cli.failures import UsageError
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
    AllowFunctionOption,
    Entry,
    Line,
    NoPlotOption,
    Options,
    Part,
    SpaceOption,
    flag,
    option,
)

DEFAULT_SCHEDULER = "fifo"
DEFAULT_TRIALS = 10


@dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    """What the user wants of `hpo run`; None where an option was not given."""

    subcommand = "run"

    objective: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE:FUNCTION",
            show_default=False,
            help="Your own objective, importable from the current folder; needs --space. Without it the "
            "book's job runs: softmax regression on Fashion-MNIST.",
        ),
    ] = None
    space: SpaceOption = None
    allow_function: AllowFunctionOption = None
    minimize: Annotated[str | None, option(TUNED, "NAME", "The metric to make small.")] = None
    maximize: Annotated[str | None, option(TUNED, "NAME", "The metric to make large.")] = None
    value: Annotated[
        Literal["last", "best"] | None,
        option(
            TUNED,
            "last|best",
            "Which epoch of a trial counts: its last one, or its best one, which is optimistic where epochs "
            "are noisy.  [default: last, or as the study was begun]",
        ),
    ] = None
    searcher: Annotated[
        str | None,
        option(
            TUNED,
            "NAME",
            "What proposes configurations: random, sobol, grid, local, tpe, gp, or auto, which picks one.  "
            "[default: random]",
        ),
    ] = None
    seed: Annotated[
        int | None,
        option(
            TUNED,
            "N",
            "The same seed gives the same configurations on every backend.  [default: 0; with --warm-start "
            "the one after that study's]",
            NOT_NEGATIVE,
        ),
    ] = None
    data: Annotated[
        str | None,
        option(
            TUNED,
            "FOLDER",
            "Where the book's job takes Fashion-MNIST from, or 'sample' for the embedded sample; else the "
            "first place of `hpo data` that has it.",
        ),
        Part("book"),
    ] = None
    validation: Annotated[
        Literal["test", "holdout"] | None,
        option(
            TUNED,
            "test|holdout",
            "What the book's job validates on: the test set as in the book, or a sixth of the training set.  "
            "[default: test]",
        ),
        Part("book"),
    ] = None
    trials: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "How many configurations to try in all, those of a resumed study included.  [default: 10, or any "
            "number where --timeout, --target or --patience ends the search]",
            POSITIVE,
        ),
    ] = None
    timeout: Annotated[
        float | None, option(LENGTH, "SECONDS", "End the search after so long.", ABOVE_ZERO)
    ] = None
    target: Annotated[
        float | None,
        option(LENGTH, "VALUE", "End the search when the metric has reached this, or better.", FINITE),
    ] = None
    patience: Annotated[
        int | None,
        option(LENGTH, "N", "End the search after so many trials in a row without a new best one.", POSITIVE),
    ] = None
    give_up_after: Annotated[
        str | None,
        option(
            LENGTH,
            "N|never",
            "End the search where the first N trials all fail with the same error, or the first result is "
            "none: no trial would survive.  [default: 3]",
        ),
    ] = None
    epochs: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "How long to train each; your function gets it as max_epochs.  [default: 10]",
            POSITIVE,
        ),
    ] = None
    scheduler: Annotated[
        str | None,
        option(
            LENGTH,
            "NAME",
            "Stop bad trials early: asha, asha-stopping, hyperband, successive-halving or median; fifo "
            "trains each to its end.  [default: fifo]",
        ),
    ] = None
    min_epochs: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "After so many epochs a --scheduler compares trials for the first time.  [default: 1]",
            POSITIVE,
        ),
        Part("scheduler"),
    ] = None
    max_epochs: Annotated[
        int | None,
        option(LENGTH, "N", "A full training under a --scheduler; the same as --epochs.", POSITIVE),
    ] = None
    eta: Annotated[
        float | None,
        option(
            LENGTH, "X", "One trial of so many goes on, to so many times the epochs.  [default: 3]", ABOVE_ONE
        ),
        Part("scheduler"),
    ] = None
    batch_size: Annotated[
        int | None,
        option(LENGTH, "N", "Examples in a mini-batch of the book's job.  [default: 16]", POSITIVE),
        Part("book"),
    ] = None
    replicates: Annotated[
        int | None,
        option(
            LENGTH,
            "N",
            "Train each configuration on so many draws of initial weights and batch orders; its metrics are "
            "the means.  [default: 1]",
            POSITIVE,
        ),
    ] = None
    backend: Annotated[
        str | None, option(PLACE, "NAME", "The framework, see `hpo backends`; else HPO_BACKEND decides.")
    ] = None
    device: Annotated[
        str | None, option(PLACE, "NAME", "cpu, cuda:0, mps, auto, ...; else HPO_DEVICE decides.")
    ] = None
    workers: Annotated[
        int | None,
        option(PLACE, "N", "Processes that run trials side by side.  [default: 1, this one]", POSITIVE),
        Line("{} processes", unless=1),
    ] = None
    fuse: Annotated[
        str | None,
        option(
            PLACE,
            "auto|N",
            "How many configurations train together in one computation, where the objective allows it: as "
            "many as it pays, or so many; 1 trains one after the other.  [default: auto]",
        ),
    ] = None
    memory_limit: Annotated[
        str | None,
        option(
            PLACE,
            "SIZE",
            "Memory that a worker may hold, such as 2GB; a trial that takes more has failed.",
        ),
    ] = None
    trial_timeout: Annotated[
        float | None,
        option(
            PLACE,
            "SECONDS",
            "How long a trial may run; one that takes longer is tried again, then failed.",
            ABOVE_ZERO,
        ),
    ] = None
    storage: Annotated[
        str | None,
        option(
            KEPT,
            "FILE",
            "Keep the study in this file, an SQLite database for any number of studies; without it nothing "
            "outlives the command.",
        ),
        Entry(),
    ] = None
    name: Annotated[str | None, option(KEPT, "NAME", "What the study is called; else as its objective.")] = (
        None
    )
    resume: Annotated[
        bool, flag(KEPT, "--resume", "Go on with the study of this name if it is there."), Part("storage")
    ] = False
    warm_start: Annotated[
        str | None,
        option(KEPT, "NAME", "Start a new study from the results of this one, in the same storage."),
        Part("storage"),
    ] = None
    keep: Annotated[
        Literal["best", "all", "none"] | None,
        option(
            KEPT,
            "best|all|none",
            "Whose trained models to keep beside the storage.  [default: best, or as the study was begun]",
        ),
        Part("storage"),
    ] = None
    output: Annotated[
        Literal["show", "log"] | None,
        option(
            KEPT,
            "show|log",
            "What becomes of what trials print: it is shown, or kept in files beside the storage.  "
            "[default: show]",
        ),
    ] = None
    plot: Annotated[
        Path | None,
        option(KEPT, "FILE", "Where to save the scatter plot.  [default: hpo-run.png; with --json none]"),
    ] = None
    no_plot: NoPlotOption = False

    def check(self) -> None:
        """Refuse options that contradict each other, before anything is done.

        Raises:
            UsageError: two of them do, or one needs another.
        """
        if self.storage is None:
            for name in self.given("storage"):
                raise UsageError(
                    f"{self.written(name)} needs the storage that holds the study: add --storage FILE, for "
                    f"example --storage study.db."
                )
            if self.output == "log":
                raise UsageError("--output log keeps files beside the storage: add --storage FILE.")
        if self.max_epochs is not None and self.epochs not in (None, self.max_epochs):
            raise UsageError(
                f"--epochs {self.epochs} and --max-epochs {self.max_epochs} both say how long a full "
                f"training is: leave one out."
            )
        if not self.has_scheduler:
            for name in self.given("scheduler"):
                raise UsageError(
                    f"{self.written(name)} belongs to a scheduler: add one, for example --scheduler asha."
                )
        if self.objective is None and self.allow_function:
            path = self.allow_function[0]
            raise UsageError(f"--allow-function {path} belongs to the --space of an objective of your own.")
        if self.objective is None and self.space is not None:
            raise UsageError(
                f"--space {self.space} belongs to an objective of your own: hpo run module:function "
                f"--space {self.space}."
            )
        if self.objective is not None:
            for name in self.given("book"):
                raise UsageError(
                    f"{self.written(name)} belongs to the book's job; {self.objective} decides that itself. "
                    f"Leave it out."
                )

    @property
    def full_training(self) -> int | None:
        """How many epochs a full training has; None where the user did not say."""
        return self.max_epochs if self.epochs is None else self.epochs

    @property
    def has_scheduler(self) -> bool:
        """Whether a scheduler was asked for, which may stop trials early."""
        return self.scheduler not in (None, DEFAULT_SCHEDULER)

    @property
    def members(self) -> int | Literal["auto"]:
        """How many trials train together.

        Raises:
            UsageError: it is no number of at least 1.
        """
        if self.fuse is None or self.fuse == "auto":
            return "auto"
        if not self.fuse.isdecimal() or int(self.fuse) < 1:
            raise UsageError(f"--fuse takes auto or a number of at least 1; received {self.fuse}.")
        return int(self.fuse)

    @property
    def equal_failures(self) -> int | None:
        """How many equal failures end the search, where the user said it; None for any number.

        Raises:
            UsageError: it is no number of at least 1.
        """
        if self.give_up_after is None or self.give_up_after == "never":
            return None
        if not self.give_up_after.isdecimal() or int(self.give_up_after) < 1:
            raise UsageError(
                f"--give-up-after takes never or a number of at least 1; received {self.give_up_after}."
            )
        return int(self.give_up_after)

    @property
    def num_trials(self) -> int | None:
        """How many trials there will be; None for as many as something else allows."""
        if self.trials is not None:
            return self.trials
        return DEFAULT_TRIALS if {self.timeout, self.target, self.patience} == {None} else None
