"""What a scheduler is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from hpo.objective.decision import Decision
from hpo.study.study import Study


@dataclass(frozen=True)
class Grant:
    """Epochs that a trial may train.

    Attributes:
        trial: id of a paused trial that goes on; None for a new one, whose config the searcher proposes.
        until: the last epoch that is granted; None where the objective itself knows its end.
        info: what the log should keep of how it came about, JSON values (rung, bracket, reason).
        start_from: id of the trial from whose newest checkpoint a new one starts, as in population-based
            training, where the searcher proposes a config near that trial's; None to start from scratch. Its
            epochs count on from there.
    """

    trial: int | None = None
    until: int | None = None
    info: dict[str, Any] = field(default_factory=dict, hash=False)
    start_from: int | None = None


@dataclass(frozen=True)
class End:
    """A paused trial that will never go on: it is stopped where it stands, and its files are let go.

    Attributes:
        trial: its id.
        reason: why, in one line for the study's log.
    """

    trial: int
    reason: str


Step: TypeAlias = "Grant | End"


@runtime_checkable
class Scheduler(Protocol):
    """Decides how long each trial runs. It proposes no configs, and nobody tells it results: it reads them.

    What it answers is a function of the study alone, so that a study can be resumed; it may keep what it
    computed, as long as a fresh scheduler that is given the same study answers the same.

    One that decides on reports has an attribute `needs_epochs`, which is true, and `max_epochs`, the last
    epoch that it ever grants; None where the objective knows its end.
    """

    def next(self, study: Study, *, can_start: bool) -> Step | None:
        """Who trains next, or who never will again; None if nobody can before another trial reports.

        Args:
            study: everything so far, with what runs at the moment.
            can_start: whether a new trial may be started.
        """
        ...

    def on_report(self, study: Study, trial: int) -> Decision:
        """How a running trial goes on after its last report, which is in the study."""
        ...


def needs_epochs(scheduler: Scheduler) -> bool:
    """Whether the scheduler is of use only where trials report epochs."""
    return bool(getattr(scheduler, "needs_epochs", False))


def final_epoch(scheduler: Scheduler) -> int | None:
    """The last epoch that the scheduler ever grants; None where the objective knows its end."""
    epoch: int | None = getattr(scheduler, "max_epochs", None)
    return epoch


def described(scheduler: Scheduler) -> str:
    """What the log calls the scheduler: with its arguments, if it says them."""
    kind = type(scheduler)
    return kind.__name__ if kind.__repr__ is object.__repr__ else repr(scheduler)
