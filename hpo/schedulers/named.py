"""Schedulers by name."""

from __future__ import annotations

from collections.abc import Callable

from hpo.schedulers.base import Scheduler
from hpo.schedulers.fifo import FIFO

SCHEDULERS: dict[str, Callable[[], Scheduler]] = {"fifo": FIFO}
"""What `scheduler=` takes as a name."""


def scheduler_named(scheduler: str | Scheduler) -> Scheduler:
    """The scheduler that a name stands for; a scheduler stands for itself.

    Raises:
        ValueError: there is none of that name; the text lists those that are.
        TypeError: it is neither a name nor a scheduler.
    """
    known = ", ".join(repr(name) for name in SCHEDULERS)
    if isinstance(scheduler, str):
        if scheduler not in SCHEDULERS:
            raise ValueError(
                f"There is no scheduler {scheduler!r}. Known are: {known}; or pass a scheduler object."
            )
        return SCHEDULERS[scheduler]()
    if isinstance(scheduler, type):
        raise TypeError(
            f"scheduler= was given the class {scheduler.__name__}; make one: {scheduler.__name__}(...)."
        )
    if not isinstance(scheduler, Scheduler):
        raise TypeError(
            f"A scheduler is one of {known} or an object with next(study, can_start=) and on_report(study, "
            f"trial); received {scheduler!r} of type {type(scheduler).__name__}."
        )
    return scheduler
