"""What a study remembers of its cohorts, so that a resumption trains the same trials together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class CohortPlan:
    """How many trials of one kind train together.

    Attributes:
        kind: what they have in common: model, optimizer, batch size, backend and device.
        members: how many there are at most; 1 trains one after the other.
        reason: why, in one line.
    """

    kind: str
    members: int
    reason: str


class CohortMemory(Protocol):
    """Keeps what was decided about cohorts."""

    def plan_of(self, kind: str) -> CohortPlan | None:
        """What was decided for trials of this kind; None if nothing was."""
        ...

    def plan(self, plan: CohortPlan) -> None:
        """Keep a decision."""
        ...

    def formed(self, trials: Sequence[int], epoch: int) -> None:
        """Keep that these trials train together, in this order, from this epoch on."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """A scope whose reports are kept all at once, or not at all."""
        ...


class ShortMemory:
    """A memory for as long as an executor lives."""

    def __init__(self) -> None:
        self._plans: dict[str, CohortPlan] = {}

    def plan_of(self, kind: str) -> CohortPlan | None:
        """What was decided for trials of this kind."""
        return self._plans.get(kind)

    def plan(self, plan: CohortPlan) -> None:
        """Keep a decision."""
        self._plans[plan.kind] = plan

    def formed(self, trials: Sequence[int], epoch: int) -> None:
        """Forget it: no resumption follows."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nothing is kept."""
        yield
