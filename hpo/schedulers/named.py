"""Schedulers by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from hpo.backend.entry_points import named, options_taken
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
"""The names that `scheduler=` takes, beside those that other distributions register."""

_NAMES = ", ".join(map(repr, SCHEDULERS))
_EXPECTED = "an object with next(study, can_start=) and on_report(study, trial)"


def scheduler_named(
    scheduler: str | Scheduler, *, max_epochs: int | None = None, **options: Any
) -> Scheduler:
    """Return the scheduler that a name stands for; a scheduler is returned as it is.

    Args:
        scheduler: a name of `SCHEDULERS`, one that another distribution registered as an entry point of the
            group `hpo.schedulers`, or a scheduler.
        max_epochs: a full training, if the objective says how long that is; passed to a named scheduler with
            a parameter of this name.
        options: more arguments of the named scheduler, such as `eta=4`.

    Raises:
        ValueError: there is no scheduler of that name (the text lists those that there are), or the number of
            epochs of a full training is unknown.
        TypeError: it is neither a name nor a scheduler, or it has no such option.
        ImportError: what was registered under that name cannot be imported.

    Example:
        >>> from hpo.schedulers import scheduler_named
        >>> scheduler_named("asha", max_epochs=27, eta=4)
        ASHA(1, 27, eta=4)
    """
    if isinstance(scheduler, str):
        make, called = named("scheduler", scheduler, SCHEDULERS)
        taken = options_taken(called, make, options)
        if "max_epochs" in taken:
            if max_epochs is None and taken["max_epochs"].default is inspect.Parameter.empty:
                raise ValueError(
                    f"scheduler={scheduler!r} needs to know how many epochs a full training has, and the "
                    f"objective does not say: give it a parameter 'max_epochs' with a default, or pass a "
                    f"scheduler, for example scheduler=hpo.ASHA(1, 27, eta=3)."
                )
            first = {"min_epochs": 1} if "min_epochs" in taken else {}
            options = first | options | {"max_epochs": max_epochs}
        found: Scheduler = make(**options)
        return with_defaults(found, Scheduler, f"{called} is {_EXPECTED}")
    if isinstance(scheduler, type):
        raise TypeError(
            f"scheduler= was given the class {scheduler.__name__}; make one: {scheduler.__name__}(...)."
        )
    return with_defaults(scheduler, Scheduler, f"A scheduler is one of {_NAMES} or {_EXPECTED}")
