"""The current trial: the one piece of ambient state.

An executor sets it around every step of an objective. Outside of a trial `current_trial()` answers
a default one with seed 0, so that the book's classes need no seed argument and a script runs the
same alone as under a search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from hpo.port import DType

ReportSink = Callable[[Any, "int | None"], None]
"""Takes what an objective reports (a number or a mapping of them) and its epoch, 1-based or None."""


def _ignore(value: Any, epoch: int | None) -> None:
    """Outside of a trial nobody listens."""


def _no_device() -> Any:
    return "cpu"


@dataclass
class Opening:
    """The sealed test set is open: data modules validate on it, and say so here.

    Attributes:
        used: whether one did.
    """

    used: bool = False


@dataclass(frozen=True)
class CurrentTrial:
    """What a running objective may know of its trial.

    Attributes:
        id: the trial's number in its study, from 0; None outside of a trial.
        config: the configuration under evaluation.
        seed: the study's seed, from which initial weights and the order of batches are drawn.
        replicate: which of the repeated draws this is, from 0.
        dtype: what the library's own models compute in.
        backend: name of the study's backend, None while nothing needed one.
        device_name: the device that was asked for (`cpu`, `cuda:0`, `auto`), None where none was.
        opening: there while a sealed test set may be read (`hpo.final_test`).
    """

    id: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    replicate: int = 0
    dtype: DType = "float32"
    backend: str | None = None
    device_name: str | None = None
    opening: Opening | None = None
    find_device: Callable[[], Any] = field(default=_no_device, repr=False, compare=False)
    sink: ReportSink = field(default=_ignore, repr=False, compare=False)

    @property
    def device(self) -> Any:
        """The device for a user's own model, as the backend's framework spells it.

        The one that was asked for, else the best there is.
        """
        return self.find_device()

    def report(self, value: Any, *, epoch: int | None = None) -> None:
        """Report a value, or a mapping of metrics, as `hpo.report` does."""
        self.sink(value, epoch)


_OUTSIDE = CurrentTrial()
_current: ContextVar[CurrentTrial] = ContextVar("hpo_current_trial", default=_OUTSIDE)


def current_trial() -> CurrentTrial:
    """The trial that is being evaluated here and now, or a default one with seed 0."""
    return _current.get()


@contextmanager
def running(trial: CurrentTrial) -> Iterator[CurrentTrial]:
    """Make `trial` the current one inside the block. The block must not yield to foreign code."""
    token = _current.set(trial)
    try:
        yield trial
    finally:
        _current.reset(token)


def report(value: Any, *, epoch: int | None = None) -> None:
    """Report a result of the current trial from inside an objective.

    For objectives that are plain functions or own their loop; a generator simply yields.

    Args:
        value: a number, or a mapping of metric names to numbers.
        epoch: the epoch it belongs to, 1-based; by default the one after the last reported.

    Outside of a trial it does nothing, so that a training script also runs alone.
    """
    current_trial().sink(value, epoch)
