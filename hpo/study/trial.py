"""Trials: one config under evaluation, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeAlias, TypedDict, TypeVar

import numpy as np

from hpo.backend import Array
from hpo.checkpoints import Checkpoint, load_into, model_arrays
from hpo.errors import CheckpointError


class TrialState(str, Enum):
    """How far a trial got.

    Example:
        >>> import hpo
        >>> from hpo.study import TrialState
        >>> def train(config):
        ...     return float("nan") if config["x"] > 0.5 else config["x"]
        >>> study = hpo.search(train, {"x": hpo.Float(0, 1)}, num_trials=5, seed=0)
        >>> [trial.id for trial in study.trials if trial.state is TrialState.FAILED]
        [0, 3, 4]
    """

    RUNNING = "running"
    PAUSED = "paused"
    """A scheduler lets it wait; it may go on."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    """A scheduler ended it before its time."""

    FAILED = "failed"


class Direction(str, Enum):
    """Whether small or large values of a metric are good.

    Example:
        >>> import hpo
        >>> study = hpo.search(
        ...     lambda config: config["x"], {"x": hpo.Int(0, 9)}, maximize="accuracy", num_trials=3, seed=0
        ... )
        >>> study.metric.direction
        <Direction.MAXIMIZE: 'maximize'>
    """

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


@dataclass(frozen=True)
class Metric:
    """A number that a study optimises.

    Attributes:
        name: its key in what the objective returns; `value` for a plain number that was not named.
        direction: whether small or large values are good.

    Example:
        >>> import hpo
        >>> study = hpo.search(
        ...     lambda config: config["x"], {"x": hpo.Int(0, 9)}, maximize="accuracy", num_trials=5, seed=0
        ... )
        >>> study.metric.name, study.metric.sign
        ('accuracy', -1)
        >>> losses = [study.metric.sign * trial.value for trial in study.trials]
        >>> losses.index(min(losses)) == study.best.id
        True
    """

    name: str
    direction: Direction = Direction.MINIMIZE

    @property
    def sign(self) -> int:
        """1 for a metric to minimise, -1 for one to maximise: the sign that makes small good."""
        return 1 if self.direction is Direction.MINIMIZE else -1


@dataclass(frozen=True)
class Report:
    """What a trial reported after one epoch.

    Attributes:
        epoch: from 1, increasing within a trial.
        metrics: every number that was reported, NaN and infinity included.

    Example:
        >>> import hpo
        >>> def train(config):
        ...     for epoch in range(1, 4):
        ...         yield {"loss": 1 / epoch, "rate": config["rate"] / epoch}
        >>> study = hpo.search(train, {"rate": hpo.Constant(0.6)}, minimize="loss", num_trials=1, seed=0)
        >>> study.best.reports[1]
        Report(epoch=2, metrics={'loss': 0.5, 'rate': 0.3})
    """

    epoch: int
    metrics: dict[str, float] = field(hash=False)


class TrialInfo(TypedDict, total=False):
    """The keys that other code reads in a trial's `info`. Searchers and schedulers may add any others.

    Example:
        >>> import hpo
        >>> study = hpo.search(
        ...     lambda config: config["x"] ** 2,
        ...     {"x": hpo.Float(-1, 1)},
        ...     searcher=hpo.LocalSearch(probability=1),
        ...     num_trials=3,
        ...     seed=0,
        ... )
        >>> [trial.info for trial in study.trials]
        [{'by': 'random'}, {'by': 'change', 'parent': 0}, {'by': 'change', 'parent': 1}]
    """

    by: str
    """What proposed the config: `random` and `initial design` are no proposals of a model, others are."""

    parent: int
    """Id of the trial from whose config this one was made."""

    bracket: int
    """Number of the scheduler's bracket, from 0; trials are compared with those of their own bracket."""

    rung: int
    """Number of the rung to which the trial may train, from 0."""

    reason: str
    """Why it was proposed, or goes on, in one line."""


WhichEpoch: TypeAlias = 'Literal["best", "last"] | int | None'
"""An epoch of a trial: its best one, its last one, one by its number, or None for that of its value."""


_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _with_epoch(method: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Says what has taken the place of the argument `which`, whose default was another epoch."""

    @wraps(method)
    def called(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        if "which" in kwargs:
            raise TypeError(
                f"Trial.{method.__name__} takes epoch= in the place of which: 'best', 'last' or the number "
                f"of an epoch, by default that of the trial's value; received which: {kwargs['which']!r}."
            )
        return method(*args, **kwargs)

    return called


@dataclass(frozen=True)
class Trial:
    """One config under evaluation: a copy out of the study's log, which no change to the copy affects.

    Two trials are equal if they agree in all but times, attempts, tracebacks and checkpoints.

    Attributes:
        id: its number in the study, from 0.
        config: the configuration, a plain dictionary of plain values.
        state: whether it runs, waits, or ended, and how.
        value: the study's metric: of the final result, or of the last report while there is none; in a study
            with `value="best"` of the best of all these. None after a failure, before the first report, and
            in a study of several metrics.
        epoch: the epoch of the value, which is that of the last report if the value is a final result that
            was returned after it. None without reports, and after a failure.
        metrics: every number of that result or report by name.
        reports: its report of each epoch, in order. Empty if its objective only returned a number.
        reason: why it failed, was paused or stopped, or ended before a scheduler expected it, in one line;
            None otherwise.
        traceback: where it failed, as Python prints it; None if it raised nothing.
        info: what searcher and scheduler noted about the proposal, see `TrialInfo`.
        attempt: how many times it was started again, after a pause or an interruption.
        proposal: the number of the searcher's proposal, from 0; None for a config that a user added.
        started: when, in seconds since 1970.
        finished: when, in seconds since 1970; None while it runs.
        seconds: for how long it was worked on, in all its runs together: from each start to the next pause
            or to the end, and to the last sign of a process that died. In a cohort this is its share of the
            time, so that the seconds of all trials add up to the work on the study. None while it runs.
        cohort_seconds: for how long the cohorts trained while it was in them; None if it was in none, and
            while it runs.
        kept: its checkpoints whose files are there, by epoch.
        best_epoch: the epoch of its best report; None where there are no reports or several metrics.
        unwritten: why a checkpoint of it could not be written; None if all that were to be were.
        unread: names in its config that its objective did not look at before it paused or ended; none where
            that is not known.

    Example:
        >>> import hpo
        >>> def train(config):
        ...     for epoch in range(1, 4):
        ...         yield abs(config["x"] - 2) + 1 / epoch
        >>> study = hpo.search(train, {"x": hpo.Int(0, 9)}, num_trials=20, seed=0)
        >>> trial = study.best
        >>> trial.id, trial.config, trial.state.value, trial.epoch, round(trial.value, 3)
        (7, {'x': 2}, 'completed', 3, 0.333)
        >>> [round(report.metrics["value"], 3) for report in trial.reports]
        [1.0, 0.5, 0.333]
    """

    id: int
    config: dict[str, Any] = field(hash=False)
    state: TrialState = TrialState.RUNNING
    # One of `metrics`, where two NaN of a log are equal; from Python 3.13 on they are not in a field.
    value: float | None = field(default=None, compare=False)
    epoch: int | None = None
    metrics: dict[str, float] = field(default_factory=dict, hash=False)
    reports: tuple[Report, ...] = field(default=(), repr=False)
    reason: str | None = None
    traceback: str | None = field(default=None, compare=False, repr=False)
    info: dict[str, Any] = field(default_factory=dict, hash=False)
    attempt: int = field(default=0, compare=False)
    proposal: int | None = None
    started: float = field(default=0.0, compare=False, repr=False)
    finished: float | None = field(default=None, compare=False, repr=False)
    seconds: float | None = field(default=None, compare=False)
    cohort_seconds: float | None = field(default=None, compare=False, repr=False)
    kept: tuple[Checkpoint, ...] = field(default=(), compare=False, repr=False)
    best_epoch: int | None = field(default=None, repr=False)
    unwritten: str | None = field(default=None, compare=False, repr=False)
    unread: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @_with_epoch
    def checkpoint(self, epoch: WhichEpoch = None) -> Checkpoint:
        """One of the trial's checkpoints.

        Args:
            epoch: that of its best epoch, of its last one, or of the epoch of this number; None for the epoch
                of its value.

        Raises:
            CheckpointError: it was not kept, or could not be written.
        """
        wanted = self._number_of(epoch)
        for kept in self.kept:
            if kept.epoch == wanted:
                return kept
        there = ", ".join(str(kept.epoch) for kept in self.kept) or "none"
        named = f" of its {epoch} epoch" if isinstance(epoch, str) else f" of epoch {wanted}"
        if epoch is None:  # an objective that reports no epochs has a last state only
            named = "" if wanted is None else f"{named}, of which its value is"
        missing = f"Trial {self.id} has no checkpoint{named}; kept are those of: {there}."
        if self.unwritten is not None:
            raise CheckpointError(
                f"{missing} Checkpoints of this trial could not be written: {self.unwritten}. Mend that, and "
                f"train its config again."
            )
        raise CheckpointError(
            f"{missing} Models are kept by a study with storage=, by default of its best trial (keep='best', "
            f"'all' or 'none'), if the objective uses a Trainer or calls trial.checkpoint(model=...). Of a "
            f"trial those of its best and its last epoch are kept: epoch='best' or epoch='last'."
        )

    @_with_epoch
    def arrays(self, epoch: WhichEpoch = None, *, replicate: int = 0) -> dict[str, Array]:
        """The trained model's parameters by name.

        Args:
            epoch: those after its best epoch, its last one, or the epoch of this number; None for those of
                its value.
            replicate: those of which draw, from 0, in a study that trains each config on several.

        Raises:
            CheckpointError: they were not kept, or cannot be read.
        """
        return model_arrays(self.checkpoint(epoch).load()[0], replicate=replicate)

    @_with_epoch
    def load_into(self, model: Any, epoch: WhichEpoch = None, *, replicate: int = 0) -> None:
        """Put the trained parameters into a model of the same structure.

        By default these are the ones that the trial had when its `value` was measured.

        Args:
            model: a model of the library or of a framework whose backend is installed.
            epoch: those after its best epoch, its last one, or the epoch of this number; None for those of
                its value.
            replicate: those of which draw, from 0, in a study that trains each config on several.

        Raises:
            CheckpointError: they were not kept, cannot be read, or are of another model.
        """
        load_into(model, self.checkpoint(epoch).load()[0], replicate=replicate)

    def _number_of(self, epoch: WhichEpoch) -> int | None:
        """The number of an epoch that was asked for; None if there is none.

        Raises:
            ValueError: it is neither a word for an epoch nor a number.
        """
        last = self.kept[-1].epoch if self.kept else None
        # An objective that reports no epochs has a last state only, and one that returns a result after its
        # reports may have trained on since the last of them.
        if epoch == "last" or (epoch is None and (self.epoch is None or self.value_was_returned)):
            return last
        if epoch is None:
            return self.epoch
        if epoch == "best":
            return last if self.best_epoch is None else self.best_epoch
        number: object = epoch
        if not isinstance(number, (int, np.integer)) or isinstance(number, bool):
            raise ValueError(
                f"epoch= is 'best', 'last', the number of an epoch, or None for that of the value; received "
                f"{epoch!r}."
            )
        return int(number)

    @property
    def value_was_returned(self) -> bool:
        """Whether its value is a final result that it returned, and no report."""
        return self.value is not None and self.metrics != next(
            (r.metrics for r in self.reports if r.epoch == self.epoch), None
        )


@dataclass(frozen=True)
class Ranked(Trial):
    """A completed trial with its place among all completed ones.

    Attributes:
        rank: 1 for the best; trials of equal value share the rank of the first of them.
        tied: whether another completed trial has exactly the same value.
    """

    rank: int = 1
    tied: bool = False


def metrics_document(metrics: Iterable[Metric]) -> list[dict[str, str]]:
    """Metrics as an event holds them."""
    return [{"name": metric.name, "direction": metric.direction.value} for metric in metrics]


def goal(minimize: str | None, maximize: str | None) -> tuple[Metric, ...]:
    """The metrics of a study; none where its first result will name it.

    Raises:
        ValueError: both are given, or a name is empty.
        TypeError: a name is no str.
    """
    if minimize is not None and maximize is not None:
        raise ValueError(
            f"A study has one metric: give minimize= or maximize=, not both; received minimize={minimize!r} "
            f"and maximize={maximize!r}."
        )
    for argument, name in (("minimize", minimize), ("maximize", maximize)):
        if name is None:
            continue
        if not isinstance(name, str):
            raise TypeError(
                f"{argument}= takes the name of a metric, for example {argument}='val_error' (any name will "
                f"do for an objective that gives a plain number); received {name!r}."
            )
        # In a report `epoch` is the number of the epoch, and no metric.
        if not name or name == "epoch":
            raise ValueError(f"{argument}= takes the name of a metric other than 'epoch'; received {name!r}.")
        return (Metric(name, Direction(argument)),)
    return ()
