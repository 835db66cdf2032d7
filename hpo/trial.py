"""Trials: one config under evaluation, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class TrialState(str, Enum):
    """How far a trial got."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Direction(str, Enum):
    """Which values of a metric are good ones."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


@dataclass(frozen=True)
class Metric:
    """A number that a study optimises.

    Attributes:
        name: its key in what the objective gives; `value` for a plain number that was not named.
        direction: whether small or large values are good.
    """

    name: str
    direction: Direction = Direction.MINIMIZE

    @property
    def sign(self) -> int:
        """1 for a metric to minimise, -1 for one to maximise: the sign that makes small good."""
        return 1 if self.direction is Direction.MINIMIZE else -1


@dataclass(frozen=True)
class Report:
    """What a trial said after one epoch.

    Attributes:
        epoch: from 1, increasing within a trial.
        metrics: every number that was reported, NaN and infinity included.
    """

    epoch: int
    metrics: dict[str, float] = field(hash=False)


@dataclass(frozen=True)
class Trial:
    """One config under evaluation: a copy out of the study's log, which changing it does not change.

    Two trials are equal if all but their times and their traceback is.

    Attributes:
        id: its number in the study, from 0.
        config: the configuration, a plain dictionary of plain values.
        state: whether it runs, completed or failed.
        value: the study's metric: of the final result, or while the trial runs of its last report. None
            after a failure, before the first report, and in a study of several metrics.
        metrics: every number of that result or report by name.
        reports: what it said after each epoch, in order. Empty if its objective only returned a number.
        reason: why it failed, in one line; None if it did not.
        traceback: where it failed, as Python prints it; None if it raised nothing.
        info: what the searcher noted about the proposal.
        attempt: how many times it was started over after an interruption.
        proposal: the number of the searcher's proposal, from 0; None for a config that a user added.
        started: when, in seconds since 1970.
        finished: when, in seconds since 1970; None while it runs.
        seconds: how long the last attempt took; None while it runs.
    """

    id: int
    config: dict[str, Any] = field(hash=False)
    state: TrialState = TrialState.RUNNING
    value: float | None = None
    metrics: dict[str, float] = field(default_factory=dict, hash=False)
    reports: tuple[Report, ...] = field(default=(), repr=False)
    reason: str | None = None
    traceback: str | None = field(default=None, compare=False, repr=False)
    info: dict[str, Any] = field(default_factory=dict, hash=False)
    attempt: int = 0
    proposal: int | None = None
    started: float = field(default=0.0, compare=False, repr=False)
    finished: float | None = field(default=None, compare=False, repr=False)
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Ranked(Trial):
    """A completed trial with its place among all completed ones.

    Attributes:
        rank: 1 for the best; trials of equal value share the rank of the first of them.
        tied: whether another completed trial has exactly the same value.
    """

    rank: int = 1
    tied: bool = False
