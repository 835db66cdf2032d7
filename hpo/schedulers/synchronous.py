"""Brackets of synchronous successive halving, which Hyperband runs in several sizes."""

from __future__ import annotations

import math
from abc import abstractmethod

from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.schedulers.base import End, Forecast, Grant, Scheduler, Step
from hpo.schedulers.rungs import check_eta, rung_levels
from hpo.schedulers.standings import Standing, Standings
from hpo.storage.events import EventKind
from hpo.study.reader import StudyReader
from hpo.study.study import Study
from hpo.study.trial import TrialState

BracketPlan = tuple[tuple[int, int], ...]
"""For each rung of a bracket, how many trials train up to which epoch: the paper's n_i and r_i."""


class Synchronous(StudyReader, Scheduler):
    """Runs brackets one after the other; a worker that would wait for a rung begins the next bracket.

    A bracket compares only its own trials. It starts n of them; once all have come to the first rung, the
    best go on to the next one, and so forth. If the search ends before a bracket is full, one trial of eta
    still goes on, at least one.

    Args:
        min_epochs: the first rung, at least 1.
        max_epochs: the last rung, a full training.
        eta: one trial of eta goes on, to eta times as many epochs; above 1.

    Attributes:
        levels: the epochs of the rungs.
    """

    needs_epochs = True
    max_epochs: int
    _could_start: bool

    def __init__(self, min_epochs: int, max_epochs: int, eta: float = 3) -> None:
        self.levels = rung_levels(min_epochs, max_epochs, eta)
        self.min_epochs, self.max_epochs, self.eta = min_epochs, max_epochs, check_eta(eta)
        self._start_over()

    @abstractmethod
    def plan(self, bracket: int) -> BracketPlan:
        """The rungs of the bracket of this number, from 0."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.min_epochs}, {self.max_epochs}, eta={self.eta:g})"

    def next(self, study: Study, *, can_start: bool) -> Step | None:
        """A trial that can go on, of the oldest bracket first; else a new one of the newest bracket."""
        self._read(study)
        # Once no trial can start, rungs that waited for more are decided without an event of theirs.
        if can_start != self._could_start:
            self._could_start = can_start
            self._changed.update(self._open)
        for number in sorted(self._changed):
            step = self._open[number].next(can_start=can_start)
            if step is not None:
                return step
            self._changed.discard(number)
            if self._open[number].is_over(can_start=can_start):
                del self._open[number]
        if not can_start:
            return None
        newest = max(self._brackets, default=0)
        number = newest + (newest in self._brackets and not self._brackets[newest].takes_more)
        return Grant(until=self.plan(number)[0][1], info={"bracket": number, "rung": 0})

    def on_report(self, study: Study, trial: int) -> Decision:
        """Pause at the rung up to which the trial may train."""
        self._read(study)
        standing = self._standings[trial]
        if standing.until is None or standing.epoch < standing.until:
            return CONTINUE
        rank, count, size = self._brackets[standing.bracket].place(standing)
        reason = f"rank {rank + 1} of {count} at epoch {standing.until}, where {size} are to come"
        return Decision(Verdict.PAUSE, reason, standing.value)

    def forecast(self, num_trials: int) -> Forecast:
        """What a search of so many trials will train."""
        total, number = 0.0, 0
        while num_trials > 0:
            plan, below = self.plan(number), 0
            count = min(plan[0][0], num_trials)
            num_trials, number = num_trials - count, number + 1
            is_full = count == plan[0][0]
            for size, level in plan:
                count = size if is_full else count
                total += count * (level - below)
                below, count = level, max(1, int(count / self.eta))
        return Forecast(total, self.levels[0], self.plan(0)[0][0])

    def _start_over(self) -> None:
        self._standings = Standings()
        self._brackets: dict[int, Bracket] = {}
        self._open: dict[int, Bracket] = {}
        # The brackets with news: in all others no trial can go on, so they need not be asked again.
        self._changed: set[int] = set()
        self._could_start = True

    def _read(self, study: Study) -> None:
        if not self._standings.is_of(study):
            self._start_over()
        for kind, standing in self._standings.read_on(study):
            number = standing.bracket
            if number not in self._brackets:
                self._brackets[number] = Bracket(number, self.plan(number), self.eta)
            bracket = self._open[number] = self._brackets[number]
            self._changed.add(number)
            if kind is EventKind.TRIAL_STARTED:
                bracket.start(standing)
            elif kind is EventKind.REPORTED:
                bracket.report(standing)


class Bracket:
    """One successive halving.

    Args:
        number: which it is, from 0.
        plan: how many trials train up to which epoch.
        eta: one of eta goes on.
    """

    def __init__(self, number: int, plan: BracketPlan, eta: float) -> None:
        self._number = number
        self._plan = plan
        self._eta = eta
        self._rungs: list[dict[int, Standing]] = [{} for _ in plan]
        self._values: list[dict[int, float]] = [{} for _ in plan]

    @property
    def takes_more(self) -> bool:
        """Whether its first rung is not full, and no trial has gone on from it yet."""
        return len(self._rungs[0]) < self._plan[0][0] and not any(self._rungs[1:])

    def start(self, standing: Standing) -> None:
        """Take in that a trial starts or goes on."""
        self._rungs[self._rung_of(standing)][standing.trial] = standing

    def report(self, standing: Standing) -> None:
        """Take in what a trial reported at its rung, or beyond it where it skips epochs."""
        for number, (_, level) in enumerate(self._plan):
            if standing.before < level <= standing.epoch:
                self._values[number][standing.trial] = standing.value

    def place(self, standing: Standing) -> tuple[int, int, int]:
        """The trial's rank from 0 at its rung, how many came to it so far, and how many are to come."""
        number = self._rung_of(standing)
        values = self._values[number]
        key = (values[standing.trial], standing.trial)
        rank = sum((value, trial) < key for trial, value in values.items())
        return rank, len(values), max(self._plan[number][0], len(self._rungs[number]))

    def next(self, *, can_start: bool) -> Step | None:
        """The trial that goes on, or ends, at the first rung at which that is decided."""
        for number in range(len(self._plan) - 1):
            if not self._is_decided(number, can_start=can_start):
                return None
            waiting = [one for one in self._rungs[number].values() if self._waits(one, number)]
            if not waiting:
                continue
            level = self._plan[number][1]
            ranked = sorted(self._rungs[number], key=lambda trial: (self._value(number, trial), trial))
            # What went on from here is in the next rung, so only the rest of the places is open.
            places = self._num_promoted(number) - len(self._rungs[number + 1])
            chosen = [trial for trial in ranked if self._can_go_on(number, trial)][: max(0, places)]
            for one in waiting:
                if one.trial not in chosen:
                    place = f"rank {ranked.index(one.trial) + 1} of {len(ranked)} at epoch {level}"
                    promoted = f"{self._num_promoted(number)} of bracket {self._number} go on"
                    return End(one.trial, f"{place}, where {promoted}")
            info = {
                "bracket": self._number,
                "rung": number + 1,
                "reason": f"rank {ranked.index(chosen[0]) + 1} of {len(ranked)} at epoch {level}",
            }
            return Grant(chosen[0], until=self._plan[number + 1][1], info=info)
        return None

    def is_over(self, *, can_start: bool) -> bool:
        """Whether all of its trials have ended, and no more come."""
        trials = [one for rung in self._rungs for one in rung.values()]
        return all(one.is_over for one in trials) and not (can_start and self.takes_more)

    def _is_decided(self, number: int, *, can_start: bool) -> bool:
        """Whether all trials have come to the rung that ever will."""
        if number == 0 and can_start and self.takes_more:
            return False
        return all(
            one.is_over or (trial in self._values[number] and one.state is TrialState.PAUSED)
            for trial, one in self._rungs[number].items()
            if trial not in self._rungs[number + 1]
        )

    def _num_promoted(self, number: int) -> int:
        """How many go on from the rung: as planned, or in a bracket that is not full one of eta."""
        count = len(self._rungs[number])
        planned, here = self._plan[number + 1][0], self._plan[number][0]
        return planned if count >= here else max(1, int(count / self._eta))

    def _value(self, number: int, trial: int) -> float:
        """What it reported there; of one that ended before, its result; infinite of one that failed."""
        standing = self._rungs[number][trial]
        failed = standing.state is TrialState.FAILED
        return self._values[number].get(trial, math.inf if failed else standing.value)

    def _can_go_on(self, number: int, trial: int) -> bool:
        standing = self._rungs[number][trial]
        return self._waits(standing, number) and math.isfinite(self._value(number, trial))

    def _waits(self, standing: Standing, number: int) -> bool:
        return standing.state is TrialState.PAUSED and standing.trial not in self._rungs[number + 1]

    def _rung_of(self, standing: Standing) -> int:
        """The number of the rung up to which the trial may train."""
        levels = [level for _, level in self._plan]
        return levels.index(standing.until) if standing.until in levels else len(levels) - 1
