"""Which trials train together, and how many."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from hpo.backend import Arrays, Run, registry
from hpo.executors.cohorts.gain import few_of, measured_gain
from hpo.executors.cohorts.memory import CohortMemory, CohortPlan
from hpo.executors.cohorts.slots import Slot
from hpo.executors.failures import FROM_OUTSIDE
from hpo.training.in_turn import RunsInTurn

Fuse: TypeAlias = "int | Literal['auto']"
"""How many trials train together at most, or as many as pays."""

MOST_MEMBERS = 32
"""Beyond it a cohort gains next to nothing on a processor."""

MOST_BYTES = 256 * 2**20
"""What a cohort may hold beside the data."""

LEAST_GAIN = 1.1
"""The gain above which trials train together: what is measured is noisy."""


def checked_fuse(fuse: Any) -> Fuse:
    """`fuse` as it was given.

    Raises:
        TypeError: it is neither a number nor `"auto"`.
        ValueError: the number is below 1, or the text another one.
    """
    if isinstance(fuse, str):
        if fuse != "auto":
            raise ValueError(f"fuse= is 'auto' or how many trials train together; received {fuse!r}.")
        return "auto"
    if isinstance(fuse, bool) or not isinstance(fuse, int):
        raise TypeError(
            f"fuse= is 'auto' or an integer, how many trials train together at most (1: one after the "
            f"other); received {fuse!r}."
        )
    if fuse < 1:
        raise ValueError(f"fuse= must be at least 1, which trains one after the other; received {fuse}.")
    return fuse


class Planner:
    """Groups the trials that can be fused, and lets a group train together where that is faster.

    Linear models on a processor always train together, as their products are one wide product. For any other
    model that a backend can fuse, a measurement on this machine decides, which is kept in the cache folder.
    The study remembers the decision, and keeps to it from then on.

    Args:
        fuse: how many trials train together; `"auto"` for as many as pays.
        memory: what the study remembers.
    """

    def __init__(self, fuse: Fuse, memory: CohortMemory) -> None:
        self._fuse = fuse
        self._memory = memory
        self._one_by_one: set[str] = set()

    @staticmethod
    def group(slots: Sequence[Slot]) -> Hashable:
        """What the trials that may train together have in common, from the places of one of them."""
        return (slots[0].training.kind, slots[0].epoch, len(slots))

    def size(self, slot: Slot) -> int:
        """How many trials of a place's kind train together at most."""
        if self._fuse == 1:
            return 1
        if self._fuse != "auto":
            return min(self._fuse, room_for(slot))
        kind = _kind(slot)
        if kind in self._one_by_one:
            return 1
        # First the study, and only then a measurement: timings must not change what a resumption trains.
        plan = self._memory.plan_of(kind)
        if plan is None:
            try:
                plan = self._decide(slot, kind)
            except FROM_OUTSIDE:
                raise
            except BaseException:
                plan = None  # the trial itself will fail with it, and say why
            if plan is None:
                self._one_by_one.add(kind)
                return 1
            self._memory.plan(plan)
        return plan.members

    def _decide(self, slot: Slot, kind: str) -> CohortPlan | None:
        """The plan that pays; None where the backend cannot fuse such models: nothing is to be decided."""
        most = min(MOST_MEMBERS, room_for(slot))
        if slot.training.is_linear and _device(slot).partition(":")[0] == "cpu":
            return CohortPlan(kind, most, "linear models on a processor share their products")
        if isinstance(_prepare(slot, 2, few_of(slot.training.arrays)), RunsInTurn):
            return None
        gain = measured_gain(kind, lambda count, few: _prepare(slot, count, few), slot.training.arrays)
        reason = f"measured here: {gain:.2f} times as fast together"
        return CohortPlan(kind, most if gain >= LEAST_GAIN else 1, reason)


def room_for(slot: Slot) -> int:
    """How many members of a place's kind fit in the memory that a cohort may hold; at least 1."""
    return max(1, MOST_BYTES // (slot.training.size * np.dtype(slot.trial.dtype).itemsize))


def _prepare(slot: Slot, count: int, arrays: Arrays) -> Run:
    """A run of `count` models like that of a place."""
    few = replace(slot.training, arrays=arrays)
    return few.run([few] * count, slot.state() * count, slot.trial)


def _device(slot: Slot) -> str:
    return registry.resolve_device(registry.get(slot.trial.backend), slot.trial.device_name)


def _kind(slot: Slot) -> str:
    backend = registry.get(slot.trial.backend)
    where = f"{backend.name} {backend.version}, {_device(slot)}"
    return f"{slot.training.description}, {slot.trial.dtype} on {where}"
