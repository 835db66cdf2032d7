"""What the user wants of `hpo run`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.options import CommandLine, read_size
from hpo.executors.cohorts import Fuse
from hpo.executors.workers import Workers
from hpo.schedulers import SCHEDULERS, Scheduler, scheduler_named
from hpo.tuner.stop_rules import Patience, StopRule, Target

DEFAULT_TRIALS = 10
DEFAULT_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of `hpo run` as they were given; None where one was not."""

    objective: str | None
    space: str | None
    minimize: str | None
    maximize: str | None
    trials: int | None
    timeout: float | None
    target: float | None
    patience: int | None
    epochs: int | None
    searcher: str | None
    scheduler: str | None
    min_epochs: int | None
    max_epochs: int | None
    eta: float | None
    replicates: int | None
    batch_size: int | None
    data: str | None
    validation: Literal["test", "holdout"] | None
    backend: str | None
    device: str | None
    seed: int | None
    workers: int | None
    fuse: str | None
    memory_limit: str | None
    trial_timeout: float | None
    storage: str | None
    name: str | None
    resume: bool
    keep: Literal["best", "all", "none"] | None
    warm_start: str | None
    plot: Path | None
    no_plot: bool
    as_json: bool
    command: CommandLine

    def check(self) -> None:
        """Refuse options that contradict each other, before anything is done.

        Raises:
            UsageError: two of them do, or one needs another.
        """
        if self.storage is None:
            for option, given in (
                ("--resume", self.resume),
                (f"--keep {self.keep}", self.keep is not None),
                (f"--warm-start {self.warm_start}", self.warm_start is not None),
            ):
                if given:
                    raise UsageError(
                        f"{option} needs the storage that holds the study: add --storage FILE, for example "
                        f"--storage study.db."
                    )
        self._check_of_scheduler()
        if self.objective is None and self.space is not None:
            raise UsageError(
                f"--space {self.space} belongs to an objective of your own: hpo run module:function "
                f"--space {self.space}."
            )
        if self.objective is not None:
            self._check_of_book()

    @property
    def members(self) -> Fuse:
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
    def num_trials(self) -> int | None:
        """How many trials there will be; None for as many as something else allows."""
        ends = (self.timeout, self.target, self.patience)
        if self.trials is None and any(end is not None for end in ends):
            return None
        return DEFAULT_TRIALS if self.trials is None else self.trials

    @property
    def stop(self) -> list[StopRule]:
        """What else ends the search."""
        rules: list[StopRule] = [] if self.target is None else [Target(self.target)]
        return rules if self.patience is None else [*rules, Patience(self.patience)]

    @property
    def processes(self) -> int | Workers:
        """Where the trials run.

        Raises:
            UsageError: the memory limit cannot be read.
        """
        count = 1 if self.workers is None else self.workers
        if self.memory_limit is None and self.trial_timeout is None:
            return count
        limit = None if self.memory_limit is None else read_size(self.memory_limit, "--memory-limit")
        return Workers(count, memory_limit=limit, trial_timeout=self.trial_timeout)

    @property
    def has_rungs(self) -> bool:
        """Whether a scheduler was asked for that stops trials early."""
        return self.scheduler not in (None, "fifo")

    def make_scheduler(self, epochs: int | None) -> Scheduler:
        """The scheduler.

        Args:
            epochs: how many a full training has; None where the job does not say.

        Raises:
            UsageError: there is none of that name, or nobody says how many epochs a full training has.
        """
        name = self.scheduler or "fifo"
        options = {"min_epochs": self.min_epochs, "eta": self.eta}
        given = {key: value for key, value in options.items() if value is not None}
        if name == "median" and self.eta is not None:
            raise UsageError(f"--eta {self.eta:g} belongs to schedulers with rungs; median has none.")
        if self.has_rungs and name in SCHEDULERS and name != "median" and epochs is None:
            raise UsageError(
                f"--scheduler {name} needs to know how many epochs a full training has: add --max-epochs N, "
                f"for example --max-epochs 27."
            )
        with wrong_arguments():
            return scheduler_named(name, max_epochs=epochs, **given)

    def _check_of_scheduler(self) -> None:
        if self.max_epochs is not None and self.epochs != self.max_epochs:
            raise UsageError(
                f"--epochs {self.epochs} and --max-epochs {self.max_epochs} both say how long a full "
                f"training is: leave one out."
            )
        for option, value in (("--min-epochs", self.min_epochs), ("--eta", self.eta)):
            if value is not None and not self.has_rungs:
                raise UsageError(
                    f"{option} {value:g} belongs to a scheduler: add one, for example --scheduler asha."
                )

    def _check_of_book(self) -> None:
        for option, value in (
            ("--data", self.data),
            ("--batch-size", self.batch_size),
            ("--validation", self.validation),
        ):
            if value is not None:
                raise UsageError(
                    f"{option} {value} belongs to the book's job; {self.objective} decides that itself. "
                    f"Leave it out."
                )
