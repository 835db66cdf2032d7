"""What a search has taken so far: first epochs and later ones, alone, together and side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

LONG = 20.0
"""From so many seconds on a first epoch tells what an epoch takes, although the warm-up is in it."""


@dataclass(slots=True)
class _Mean:
    """A mean of durations that grows."""

    total: float = 0.0
    count: int = 0

    def add(self, seconds: float, count: int = 1) -> None:
        self.total += seconds
        self.count += count

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


class Measured:
    """What was measured since the search began, or went on.

    Attributes:
        num_lanes: how many trials, or cohorts, ran side by side at most.
        members: how many trials train together at most.
    """

    def __init__(self) -> None:
        self.num_lanes = 1
        self.members = 1
        # For each cohort its last epoch, and how many trained it.
        self._sizes: dict[int, tuple[int, int]] = {}
        self._cohorts: dict[int, int] = {}
        self._running: dict[int, None] = {}
        # The trials that began before anything was measured: their first epochs have the warm-up in them.
        self._wave: set[int] = set()
        self._warm, self._first, self._later, self._share = _Mean(), _Mean(), _Mean(), _Mean()
        self._has_measured = False
        self._freed: list[float] = []

    def start(self, trial: int, now: float) -> float:
        """Take in that a trial started; since when its place was free."""
        self._running[trial] = None
        if not self._has_measured:
            self._wave.add(trial)
        # What lies between two trials, such as the search for the next config, is work on the next one.
        return self._freed.pop() if self._freed else now

    def form(self, trials: list[int]) -> None:
        """Take in that these trials train together."""
        self.members = max(self.members, len(trials))
        self._cohorts |= dict.fromkeys(trials, trials[0])
        self._sizes[trials[0]] = 0, len(trials)

    def scale(self, trial: int) -> float:
        """How much quicker an epoch is where fewer train together than was measured.

        By how much depends on the machine: between not at all, and in proportion to their number.
        """
        lane = self._lane(trial)
        size = self._sizes[lane][1] if lane >= 0 else 1
        return (1 + size / self.members) / 2

    def is_warming_up(self, trial: int) -> bool:
        """Whether a trial began before anything was measured."""
        return trial in self._wave

    def leave(self, trial: int, since: float) -> None:
        """Take in that a trial ended or paused, and since when nothing of it was measured."""
        self._running.pop(trial, None)
        self._cohorts.pop(trial, None)
        self._freed.append(since)

    def add(self, trial: int, epoch: int, seconds: float, units: int, *, is_first: bool) -> None:
        """Take in how long a trial's epoch took, or each of several."""
        lane = self._lane(trial)
        if lane >= 0 and self._sizes[lane][0] < epoch:
            # Counted at the first report of an epoch: some leave before the last one has reported.
            self._sizes[lane] = epoch, sum(self._lane(one) == lane for one in self._running)
        if len(self._running) > self.num_lanes:
            self.num_lanes = max(self.num_lanes, len({self._lane(one) for one in self._running}))
        self._has_measured = True
        if is_first and trial in self._wave:
            self._warm.add(seconds)
            return
        (self._first if is_first else self._later).add(seconds)
        # Each member of a cohort takes its part of what all take together.
        self._share.add(seconds * units / (self._sizes[lane][1] if lane >= 0 else 1), units)

    def costs(self, *, is_one_piece: bool) -> tuple[float, float] | None:
        """What the first epoch of a trial takes, and each later one; None before that is known.

        Args:
            is_one_piece: whether a trial has no later ones.
        """
        first, later, warm = self._first.value, self._later.value, self._warm.value
        if first is None and later is None:
            # Processes start, and frameworks compile, for seconds: a short first epoch says nothing.
            return (warm, warm) if warm is not None and (is_one_piece or warm >= LONG) else None
        if first is None:
            # How much of the warm-up comes again with each trial is not known yet; mostly it is little.
            first = later if warm is None or later is None else math.sqrt(warm * later)
        return first or 0.0, first or 0.0 if later is None else later

    def lanes(self, left: dict[int, float]) -> list[float]:
        """How long each lane is busy, ascending, by how long each of its trials is."""
        busy: dict[int, float] = {}
        for trial, seconds in left.items():
            lane = self._lane(trial)
            busy[lane] = max(busy.get(lane, 0.0), seconds)
        return sorted(busy.values())

    def seconds_a_unit(self) -> float | None:
        """How many seconds of the search an epoch takes; None before that is known."""
        share, warm = self._share.value, self._warm.value
        if share is None and warm is not None and warm >= LONG:
            share = warm / self.members
        return None if share is None else share / self.num_lanes

    def _lane(self, trial: int) -> int:
        """The number of the cohort in which a trial trains, or one of its own."""
        return self._cohorts.get(trial, -1 - trial)
