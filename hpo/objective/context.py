"""The current trial: the one piece of ambient state.

An executor sets it around every step of an objective. Outside of a trial `current_trial()` returns a
default one with seed 0. So the book's classes need no seed argument, and a script runs the same alone as
under a search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from hpo.backend import DType
from hpo.objective.decision import CONTINUE, Decision
from hpo.objective.scope import Scope


class TrialHost(Protocol):
    """What runs a trial, as the trial sees it."""

    @property
    def epoch(self) -> int:
        """The last epoch that is done: 0 at the start, the checkpoint's once something was restored."""
        ...

    @property
    def max_epochs(self) -> int | None:
        """The last epoch that a scheduler grants the trial for now; None where none does."""
        ...

    def report(self, value: Any, epoch: int | None) -> Decision:
        """Take what the objective reports; epoch None stands for the one after the last."""
        ...

    def attach(self, things: Mapping[str, Any]) -> None:
        """Keep these objects' state at every report; restore it now if the trial goes on."""
        ...

    def save(self, epoch: int) -> None:
        """Keep the attached objects' state now, after an epoch of which nothing is reported."""
        ...

    def explain_silence(self, reason: str) -> None:
        """Say why there may be no report: the reason of the failure if the trial ends with no result."""
        ...

    def begin_epoch(self, epoch: int) -> None:
        """Make the framework's random numbers those of this epoch."""
        ...

    def find_device(self) -> Any:
        """The framework's object for the trial's device."""
        ...


class _OutsideTrial:
    """Outside of a trial reports go nowhere, and nothing is kept."""

    epoch = 0
    max_epochs = None

    def report(self, value: Any, epoch: int | None) -> Decision:
        return CONTINUE

    def attach(self, things: Mapping[str, Any]) -> None:
        return

    def save(self, epoch: int) -> None:
        return

    def explain_silence(self, reason: str) -> None:
        return

    def begin_epoch(self, epoch: int) -> None:
        return

    def find_device(self) -> Any:
        return "cpu"


class TrialEnded(BaseException):
    """Ends an objective from inside, when a trial that is not to go on reports through `hpo.report`.

    It is not an `Exception`, so that code which handles its own errors does not swallow it.

    Attributes:
        decision: why.
    """

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"The trial is to {decision.verdict.value}: {decision.reason}")
        self.decision = decision


@dataclass
class Opening:
    """Permits data modules to validate on the sealed test set, and notes that one did.

    Attributes:
        used: whether a data module did.
    """

    used: bool = False


@dataclass
class Perturbation:
    """Asks for initial weights that are moved by round-off, and notes that this was done.

    Attributes:
        ulps: by how many units in the last place each weight is moved, upwards or downwards.
        used: whether that was done.
    """

    ulps: int = 1
    used: bool = False


@dataclass(frozen=True)
class CurrentTrial:
    """What a running objective may know of its trial, and ask of it.

    Attributes:
        id: the trial's number in its study, from 0; None outside of a trial.
        config: the configuration under evaluation.
        seed: the study's seed, from which initial weights and the order of batches are drawn.
        replicate: which of the repeated draws this is, from 0.
        dtype: what the library's own models compute in.
        backend: name of the study's backend, None while nothing needed one.
        device_name: the device that was asked for (`cpu`, `cuda:0`, `auto`), None where none was.
        opening: set while a sealed test set may be read (`hpo.final_test`), else None.
        final_epoch: the last epoch that the study's scheduler ever grants, as a schedule of learning rates
            needs it; None where there is no such scheduler.
        perturbation: set while a trial is repeated from slightly other weights (`hpo compare`), else None.
        host: what runs the trial.

    Example:
        >>> import hpo
        >>> import numpy as np
        >>> def train(config, trial):
        ...     weights = np.ones(3)
        ...     trial.checkpoint(weights=weights)
        ...     for epoch in trial.epochs():
        ...         weights *= config["rate"]
        ...         yield float(weights.sum())
        >>> halving = hpo.SuccessiveHalving(1, 4, eta=2)
        >>> study = hpo.search(train, {"rate": hpo.Float(0, 1)}, scheduler=halving, num_trials=4, seed=0)
        >>> [trial.epoch for trial in study.trials]
        [1, 4, 2, 1]
    """

    id: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    replicate: int = 0
    dtype: DType = "float32"
    backend: str | None = None
    device_name: str | None = None
    opening: Opening | None = None
    final_epoch: int | None = None
    perturbation: Perturbation | None = None
    host: TrialHost = field(default_factory=_OutsideTrial, repr=False, compare=False)

    @property
    def device(self) -> Any:
        """The device for a user's own model, as the backend's framework spells it.

        The one that was asked for, else the best there is.
        """
        return self.host.find_device()

    @property
    def max_epochs(self) -> int | None:
        """The last epoch that the study's scheduler grants for now; None where there is no scheduler."""
        return self.host.max_epochs

    def report(self, value: Any, *, epoch: int | None = None) -> None:
        """Report a value, or a mapping of metrics, as `hpo.report` does.

        Raises:
            TrialEnded: the trial is not to go on.
        """
        decision = self.host.report(value, epoch)
        if not decision.goes_on:
            raise TrialEnded(decision)

    def checkpoint(self, *, model: Any = None, optimizer: Any = None, **things: Any) -> None:
        """Keep the state of these objects with every report; restore it now if the trial goes on.

        Call it once, before the epochs. A study with storage then resumes the trial after its last report,
        and keeps its trained model (`study.best.load_into(model)`).

        Args:
            model: a model of a framework whose backend is installed, or a NumPy array.
            optimizer: its optimizer.
            **things: whatever else training changes: objects of the framework with a state, such as a
                learning-rate scheduler, NumPy arrays, and plain Python state in a dict or a list. Each is
                restored in place when the trial goes on: `state = {"best": inf, "wait": 0}` and
                `trial.checkpoint(model=net, early=state)` let early stopping go on as it was. In a dict or a
                list may lie numbers, strings, True, False, None, NumPy arrays, objects of a framework, and
                dicts, lists and tuples of them; keys are strings, numbers, True, False, None or tuples of
                these. A number or an array of JAX by itself cannot be changed in place: put it in a dict,
                `state = {"params": params}`. What is kept is the object that was passed here:
                change what lies in it (`state["wait"] += 1`), as a new dict that takes over its name
                (`state = {...}`) is not kept.

        Raises:
            CheckpointError: one of them is of a kind that cannot be kept, or the checkpoint is of another
                model.
        """
        given = {"model": model, "optimizer": optimizer}
        self.host.attach({name: thing for name, thing in given.items() if thing is not None} | things)

    def epochs(self, max_epochs: int | None = None) -> Iterator[int]:
        """The numbers of the epochs to train, from 1; after a checkpoint was restored, from where it ended.

        Args:
            max_epochs: the last epoch; by default the one that the study's scheduler grants.

        Raises:
            ValueError: nothing says how many there are.
        """
        if max_epochs is None and self.max_epochs is None:
            raise ValueError(
                "trial.epochs() takes the number of epochs, for example trial.epochs(10): this study has no "
                "scheduler that would say it."
            )
        # Checked here and not in the generator, which would raise only at its first `next`.
        return self._epochs(max_epochs)

    def _epochs(self, max_epochs: int | None) -> Iterator[int]:
        # What a scheduler grants may grow while the trial is paused.
        epoch = self.host.epoch + 1
        while epoch <= (self.max_epochs or 0 if max_epochs is None else max_epochs):
            self.host.begin_epoch(epoch)
            yield epoch
            epoch += 1


_OUTSIDE = CurrentTrial()
_current: ContextVar[CurrentTrial] = ContextVar("hpo_current_trial", default=_OUTSIDE)


def current_trial() -> CurrentTrial:
    """The trial that is being evaluated here and now, or a default one with seed 0.

    Example:
        >>> import random
        >>> import hpo
        >>> def initial_weight():
        ...     return random.Random(hpo.current_trial().seed).random()
        >>> def train(config):
        ...     return config["rate"] * initial_weight()
        >>> study = hpo.search(train, {"rate": hpo.Constant(1.0)}, num_trials=1, seed=7)
        >>> round(study.best.value, 3)  # of seed 7
        0.324
        >>> round(initial_weight(), 3)  # outside of a trial, of seed 0
        0.844
    """
    return _current.get()


def running(trial: CurrentTrial) -> AbstractContextManager[CurrentTrial]:
    """Make `trial` the current one inside the block. The block must not yield to foreign code."""
    return Scope(_current, trial)


def report(value: Any, *, epoch: int | None = None) -> None:
    """Report a result of the current trial from inside an objective.

    For objectives that are plain functions or own their loop; a generator simply yields.

    Args:
        value: a number, or a mapping of metric names to numbers.
        epoch: the epoch it belongs to, 1-based; by default the one after the last reported.

    Outside of a trial it does nothing, so that a training script also runs alone.

    Raises:
        TrialEnded: the trial ends or pauses here, by its scheduler's decision or because the search stops.

    Example:
        >>> import hpo
        >>> def train(config):
        ...     loss = 1.0
        ...     for epoch in range(3):
        ...         loss *= config["rate"]
        ...         hpo.report({"loss": loss})
        >>> study = hpo.search(train, {"rate": hpo.Constant(0.5)}, minimize="loss", num_trials=1, seed=0)
        >>> [report.metrics["loss"] for report in study.best.reports]
        [0.5, 0.25, 0.125]
        >>> train({"rate": 0.5})  # by itself it trains, too
    """
    current_trial().report(value, epoch=epoch)
