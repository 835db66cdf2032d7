"""Schedulers by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from hpo.checks import with_defaults
from hpo.schedulers.asha import ASHA
from hpo.schedulers.base import Scheduler
from hpo.schedulers.fifo import FIFO
from hpo.schedulers.hyperband import Hyperband
from hpo.schedulers.median import MedianStopping
from hpo.schedulers.successive_halving import SuccessiveHalving


def _stopping(min_epochs: int, max_epochs: int, eta: float = 3) -> ASHA:
    return ASHA(min_epochs, max_epochs, eta, kind="stopping")


SCHEDULERS: dict[str, Callable[..., Scheduler]] = {
    "asha": ASHA,
    "asha-stopping": _stopping,
    "fifo": FIFO,
    "hyperband": Hyperband,
    "median": MedianStopping,
    "successive-halving": SuccessiveHalving,
}
"""What `scheduler=` takes as a name."""

_ANYTHING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def scheduler_named(
    scheduler: str | Scheduler, *, max_epochs: int | None = None, **options: Any
) -> Scheduler:
    """The scheduler that a name stands for; a scheduler stands for itself.

    Args:
        scheduler: a name of `SCHEDULERS`, or a scheduler.
        max_epochs: a full training, where the objective says how long that is, for one that is named.
        options: more arguments of the scheduler that is named, such as `eta=4`.

    Raises:
        ValueError: there is none of that name; the text lists those that are. Or nobody says how many epochs
            a full training has.
        TypeError: it is neither a name nor a scheduler, or it has no such option.
    """
    known = ", ".join(repr(name) for name in SCHEDULERS)
    if isinstance(scheduler, str):
        if scheduler not in SCHEDULERS:
            raise ValueError(
                f"There is no scheduler {scheduler!r}. Known are: {known}; or pass a scheduler object."
            )
        return _made(scheduler, max_epochs, options)
    if isinstance(scheduler, type):
        raise TypeError(
            f"scheduler= was given the class {scheduler.__name__}; make one: {scheduler.__name__}(...)."
        )
    expected = f"one of {known} or an object with next(study, can_start=) and on_report(study, trial)"
    return with_defaults(scheduler, Scheduler, f"A scheduler is {expected}")


def _made(name: str, max_epochs: int | None, options: dict[str, Any]) -> Scheduler:
    parameters = inspect.signature(SCHEDULERS[name]).parameters
    # A protocol's own constructor takes anything.
    taken = {key: each for key, each in parameters.items() if each.kind not in _ANYTHING}
    for option in options:
        if option not in taken:
            listed = ", ".join(taken) if taken else "none"
            raise TypeError(f"The scheduler {name!r} has no option {option!r}; its options are: {listed}.")
    if "max_epochs" not in taken:
        return SCHEDULERS[name](**options)
    if max_epochs is None and taken["max_epochs"].default is inspect.Parameter.empty:
        raise ValueError(
            f"scheduler={name!r} needs to know how many epochs a full training has, and the objective does "
            f"not say: give it a parameter max_epochs with a default, or pass a scheduler, for example "
            f"scheduler=hpo.ASHA(1, 27, eta=3)."
        )
    if taken.get("min_epochs") is not None:
        options = {"min_epochs": 1} | options
    return SCHEDULERS[name](max_epochs=max_epochs, **options)
