"""How a search uses the computer: how many processes, and what each may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hpo.checks import checked_count, checked_positive


@dataclass(frozen=True)
class Workers:
    """Processes that run trials side by side.

    Attributes:
        count: how many.
        devices: names of the devices that they share in turn, such as `("cuda:0", "cuda:1")`; None gives all
            of them the study's device.
        threads: threads for the arithmetic of one trial.
        memory_limit: bytes of memory that a worker and its children may hold; None for any number.
        trial_timeout: seconds that one run of a trial may take; None for any number.
        max_retries: how many times a trial is run again whose worker was killed, ran out of memory or time,
            or hung, before it counts as failed.

    Raises:
        ValueError: a number is out of its range.
        TypeError: a number is none.
    """

    count: int
    devices: Sequence[str] | None = None
    threads: int = 1
    memory_limit: int | None = None
    trial_timeout: float | None = None
    max_retries: int = 2

    def __post_init__(self) -> None:
        checked_count("workers", self.count)
        checked_count("Workers(threads=)", self.threads)
        for name in ("memory_limit", "trial_timeout"):
            if getattr(self, name) is not None:
                checked_positive(f"Workers({name}=)", getattr(self, name))
        if self.max_retries != 0:
            checked_count("Workers(max_retries=), unless 0,", self.max_retries)
