"""What a scheduler is."""

from __future__ import annotations

from abc import abstractmethod
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
        info: what the log should keep of how it came about, JSON values. Other code reads the keys of
            `hpo.study.trial.TrialInfo`; any others may stand beside them.
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


@dataclass(frozen=True)
class Forecast:
    """What a search will train, as far as it can be known before.

    Attributes:
        epochs: about how many epochs all trials are trained together.
        first_epoch: where trials are compared for the first time.
        num_first: how many come there before one of them is judged.
    """

    epochs: float
    first_epoch: int
    num_first: int


@runtime_checkable
class Scheduler(Protocol):
    """Decides how long each trial runs. It proposes no configs, and it is not told results: it reads them.

    What it answers is a function of the study alone, so that a study can be resumed; it may keep what it
    computed, as long as a fresh scheduler that is given the same study answers the same.

    A class that derives from this one inherits the defaults of what it does not define. The objects of any
    other class that has `next` and `on_report` get them when a search takes them.

    Attributes:
        needs_epochs: whether it is of use only where trials report epochs.
        max_epochs: the last epoch that it ever grants, None where the objective knows its end. A trial that
            reports it is complete, which is not for `on_report` to say.
        levels: the epochs of its rungs, ascending; empty without rungs.
    """

    needs_epochs: bool = False
    max_epochs: int | None = None
    levels: tuple[int, ...] = ()

    @abstractmethod
    def next(self, study: Study, *, can_start: bool) -> Step | None:
        """Which trial trains next, or never will again; None if none can before another one reports.

        What it names is a paused trial: to name another one is an error.

        Args:
            study: everything so far, with what runs at the moment.
            can_start: whether a new trial may be started.
        """
        ...

    @abstractmethod
    def on_report(self, study: Study, trial: int) -> Decision:
        """How a running trial goes on after its last report, which is in the study."""
        ...

    def forecast(self, num_trials: int) -> Forecast | None:
        """What a search of so many trials will train; None where it cannot be known, or all train in full."""
        return None


def described(scheduler: Scheduler) -> str:
    """What the log calls the scheduler: with its arguments, if it says them."""
    kind = type(scheduler)
    return kind.__name__ if kind.__repr__ is object.__repr__ else repr(scheduler)
