"""What an executor is, and what goes in and out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from hpo.objective import Result


@dataclass(frozen=True)
class Assignment:
    """A trial to run.

    Attributes:
        trial: its id.
        config: its config, as the study's log has it.
    """

    trial: int
    config: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        trial: its id.
        result: its final result; None if that is its last report, and for a failure.
        reason: why it failed, in one line; None if it did not.
        traceback: where it failed, as Python prints it; None if it raised nothing.
    """

    trial: int
    result: Result | None = field(default=None, hash=False)
    reason: str | None = None
    traceback: str | None = None


OnReport: TypeAlias = Callable[[int, "int | None", Result], None]
"""Takes the id of a trial, the epoch if the objective named it, and what it reported.

It raises `ResultError` if the trial has failed with this; anything else that it raises is no affair of
the objective and ends the search.
"""


class Executor(Protocol):
    """Runs trials, and says through `OnReport` what they report as soon as they do."""

    @property
    def capacity(self) -> int:
        """How many trials it runs at a time."""
        ...

    def submit(self, assignment: Assignment) -> None:
        """Take a trial. At most `capacity` may be there at a time."""
        ...

    def poll(self) -> list[Outcome]:
        """Go on with the trials until at least one of them ends; none if there is none."""
        ...

    def stop(self, trial: int) -> None:
        """End a trial without an outcome; its generator is closed."""
        ...

    def close(self) -> None:
        """End all trials without an outcome."""
        ...
