"""What a study's log remembers of its cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress

from hpo.executors.cohorts.memory import CohortPlan
from hpo.storage import ClaimedError
from hpo.tuner.lifecycle import Lifecycle


class StudyJournal:
    """The `hpo.executors.cohorts.memory.CohortMemory` of a study.

    Args:
        books: the trials of the study.
    """

    def __init__(self, books: Lifecycle) -> None:
        self._books = books

    def plan_of(self, kind: str) -> CohortPlan | None:
        """What was decided for trials of this kind; None if nothing was."""
        known = self._books.history.plans.get(kind)
        return None if known is None else CohortPlan(kind, *known)

    def plan(self, plan: CohortPlan) -> None:
        """Record a decision, unless another tuner on the same study was first."""
        while self.plan_of(plan.kind) is None:
            with suppress(ClaimedError):
                self._books.recorder.plan(plan.kind, plan.members, plan.reason)

    def formed(self, trials: Sequence[int], epoch: int) -> None:
        """Record that these trials train together, in this order, from this epoch on."""
        self._books.recorder.form(trials, epoch)

    def together(self) -> AbstractContextManager[None]:
        """A scope whose reports are recorded all at once."""
        return self._books.together()
