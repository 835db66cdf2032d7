"""The protocol of schedulers, and what they decide."""

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
        info: how the decision came about, for the log; JSON values. Other code reads the keys of
            `hpo.study.trial.TrialInfo`; any others may stand beside them.
        start_from: id of the trial from whose newest checkpoint a new trial starts, and counts its epochs on;
            None to start from scratch. For population-based training, where the searcher proposes a config
            near that of the older trial.

    Example:
        >>> import hpo
        >>> tuner = hpo.Tuner(None, {"x": hpo.Float(0, 1)}, scheduler=hpo.ASHA(1, 4, eta=2), seed=0)
        >>> for loss in (0.3, 0.1):
        ...     decision = tuner.report(tuner.ask(), loss)
        >>> hpo.ASHA(1, 4, eta=2).next(tuner.study, can_start=True)
        Grant(trial=1, until=2, info={'rung': 1, 'reason': 'rank 1 of 2 at epoch 1'}, start_from=None)
    """

    trial: int | None = None
    until: int | None = None
    info: dict[str, Any] = field(default_factory=dict, hash=False)
    start_from: int | None = None


@dataclass(frozen=True)
class End:
    """A paused trial that will never go on: it is stopped where it stands, and its files may be deleted.

    Attributes:
        trial: its id.
        reason: why, in one line for the study's log.

    Example:
        >>> import hpo
        >>> halving = hpo.SuccessiveHalving(1, 2, eta=2)
        >>> tuner = hpo.Tuner(None, {"x": hpo.Float(0, 1)}, scheduler=halving, seed=0)
        >>> for loss in (0.3, 0.1):
        ...     decision = tuner.report(tuner.ask(), loss)
        >>> halving.next(tuner.study, can_start=True)
        End(trial=0, reason='rank 2 of 2 at epoch 1, where 1 of bracket 0 go on')
    """

    trial: int
    reason: str


Step: TypeAlias = "Grant | End"


@dataclass(frozen=True)
class Forecast:
    """An estimate of what a search will train.

    Attributes:
        epochs: the epochs of all trials together, approximately.
        first_epoch: the epoch at which trials are compared for the first time.
        num_first: the number of trials that come there before one of them is judged.

    Example:
        >>> import hpo
        >>> hpo.SuccessiveHalving(1, 9, eta=3).forecast(num_trials=9)
        Forecast(epochs=21.0, first_epoch=1, num_first=9)
    """

    epochs: float
    first_epoch: int
    num_first: int


@runtime_checkable
class Scheduler(Protocol):
    """Decides how long each trial runs. A scheduler reads results from the study, and proposes no configs.

    Its decisions are a function of the study alone, so that a study can be resumed. It may cache what it
    computed, as long as a fresh scheduler decides the same for the same study.

    A class that derives from this one inherits the defaults of what it does not define. Objects of any other
    class with `next` and `on_report` get them when a search takes them.

    Attributes:
        needs_epochs: whether it is of use only where trials report epochs.
        max_epochs: the last epoch that it ever grants; None where the objective knows its end. A trial that
            reports this epoch is complete, and `on_report` is not asked.
        levels: the epochs of its rungs, ascending; empty without rungs.

    Example:
        >>> import hpo
        >>> from hpo.schedulers import CONTINUE, Decision, End, Grant, Scheduler, Verdict
        >>> class BestGoesOn(Scheduler):
        ...     needs_epochs, max_epochs = True, 4
        ...
        ...     def next(self, study, *, can_start):
        ...         if can_start:
        ...             return Grant(until=1)
        ...         for trial in study.trials:
        ...             if trial.state == "paused":
        ...                 best = trial.id == study.best_at(1).id
        ...                 return Grant(trial.id, until=4) if best else End(trial.id, "it was not the best")
        ...         return None
        ...
        ...     def on_report(self, study, trial):
        ...         is_first = study.trials[trial].epoch == 1
        ...         return Decision(Verdict.PAUSE, "it waits for the others") if is_first else CONTINUE
        >>> def train(config):
        ...     for epoch in range(1, 5):
        ...         yield config["x"] / epoch
        >>> study = hpo.search(train, {"x": hpo.Float(0, 1)}, scheduler=BestGoesOn(), num_trials=5, seed=0)
        >>> [trial.epoch for trial in study.trials]
        [1, 4, 1, 1, 1]
    """

    needs_epochs: bool = False
    max_epochs: int | None = None
    levels: tuple[int, ...] = ()

    @abstractmethod
    def next(self, study: Study, *, can_start: bool) -> Step | None:
        """Decide which trial trains next, or never will again; None if none can before another one reports.

        A step that names a trial names a paused one; any other is an error.

        Args:
            study: everything so far, running trials included.
            can_start: whether a new trial may be started.
        """
        ...

    @abstractmethod
    def on_report(self, study: Study, trial: int) -> Decision:
        """Decide how a running trial goes on after its last report, which is in the study."""
        ...

    def forecast(self, num_trials: int) -> Forecast | None:
        """Estimate what a search of so many trials will train; None if unknown, or if all train in full."""
        return None


def described(scheduler: Scheduler) -> str:
    """The scheduler's name in the log, with its arguments if its `repr` has them."""
    kind = type(scheduler)
    return kind.__name__ if kind.__repr__ is object.__repr__ else repr(scheduler)
