"""Which trials go to a worker at once, to train together there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hpo.executors.base import Assignment
from hpo.executors.cohorts.memory import CohortMemory
from hpo.executors.cohorts.planner import Fuse, Planner
from hpo.executors.cohorts.slots import SlotObjective
from hpo.executors.failures import FROM_OUTSIDE
from hpo.executors.placement import Placement
from hpo.objective.context import CurrentTrial, running
from hpo.training.fusable import Fusable


class Dispatch:
    """Holds the trials that wait, and shares them out.

    A worker receives as many as train together, but leaves some for the other free workers. The worker itself
    finds out which of its trials are of one shape.

    Args:
        function: the objective that says how a config is trained.
        placement: where trials run.
        fuse: how many train together at most.
        memory: what the study remembers of its cohorts.
    """

    def __init__(self, function: Fusable, placement: Placement, fuse: Fuse, memory: CohortMemory) -> None:
        self._seats = SlotObjective(function)
        self._placement = placement
        self._planner = Planner(fuse, memory)
        self.waiting: list[Assignment] = []

    def size(self) -> int:
        """How many trials train together with the first one that waits; 1 where none waits."""
        if not self.waiting:
            return 1
        first = self.waiting[0]
        trial = self._placement.current(first.trial, first.config, CurrentTrial().host)
        try:
            with running(trial):
                return self._planner.size(self._seats.empty(first.config, trial))
        except FROM_OUTSIDE:
            raise
        except BaseException:
            return 1  # it will fail in its worker, where the trial is told why

    def share(self, num_workers: int) -> list[list[Assignment]]:
        """Share the trials that wait among the free workers; the rest still waits."""
        shares: list[list[Assignment]] = []
        while self.waiting and len(shares) < num_workers:
            taken = self._next(num_workers - len(shares))
            shares.append(taken)
            self.waiting = [one for one in self.waiting if one not in taken]
        return shares

    def forget(self, trial: int) -> None:
        """Let a trial wait no more."""
        self.waiting = [one for one in self.waiting if one.trial != trial]

    def _next(self, num_workers: int) -> list[Assignment]:
        first = self.waiting[0]
        # An interrupted cohort stays whole, however many workers are free: in parts it differs by round-off.
        if first.cohort:
            return [one for one in self.waiting if _ids(one) == _ids(first)]
        new = [one for one in self.waiting if not one.cohort]
        # An equal share for each free worker, rounded up.
        return new[: min(self.size(), -(-len(new) // num_workers))]


def _ids(assignment: Assignment) -> Sequence[int]:
    return [one.trial for one in assignment.cohort]


def on_device(placement: Placement, devices: Sequence[str | None]) -> Placement:
    """The placement on the first of the workers' devices."""
    return placement if devices[0] is None else dataclasses.replace(placement, device=devices[0])
