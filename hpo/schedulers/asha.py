"""Asynchronous successive halving: ASHA (Li et al. 2020).

"A System for Massively Parallel Hyperparameter Tuning", MLSys 2020.
"""

from __future__ import annotations

import bisect
import heapq
import math
from typing import Literal

from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.schedulers.base import End, Forecast, Grant, Scheduler, Step
from hpo.schedulers.rungs import check_eta, rung_levels
from hpo.schedulers.standings import Standing, Standings
from hpo.storage.events import EventKind
from hpo.study.reader import StudyReader
from hpo.study.study import Study
from hpo.study.trial import TrialState

Kind = Literal["promotion", "stopping"]


class ASHA(StudyReader, Scheduler):
    """Asynchronous successive halving: a trial goes on as soon as it is among the best 1/eta of its rung.

    No trial waits for a rung to fill, so all workers are always busy. A trial that is not among the best is
    paused, with all that it learned, and is promoted later if the others turn out to be worse. With
    `kind="stopping"` it is stopped instead, and the best go on without a pause. That suits objectives that
    cannot be paused, but a trial that was stopped by mistake is lost.

    Before eta trials came to a rung, one of eta is none, and the paper promotes no trial. Neither does this
    class, with one exception: at the last rung but one the best trial so far goes on to the end. So there is
    a full training early, at the cost of at most eta - 1 more of them. With `kind="stopping"` a trial cannot
    wait for others, so the best so far goes on at every rung.

    When no trial may start any more, none can be promoted and none was trained in full, the best trial of the
    highest rung goes on to the end all the same.

    Args:
        min_epochs: the first rung, at least 1.
        max_epochs: the last rung, a full training.
        eta: one trial of eta goes on, to eta times as many epochs; above 1.
        kind: `promotion` (algorithm 2 of the paper) or `stopping` (its section A.3).

    Attributes:
        levels: the epochs of the rungs.

    Example:
        >>> ASHA(1, 27, eta=3).levels
        (1, 3, 9, 27)

    Raises:
        ValueError: an argument is out of its range; the text says what was received.
        TypeError: an argument is no number.
    """

    needs_epochs = True
    max_epochs: int

    def __init__(self, min_epochs: int, max_epochs: int, eta: float = 3, *, kind: Kind = "promotion") -> None:
        self.levels = rung_levels(min_epochs, max_epochs, eta)
        if kind not in ("promotion", "stopping"):
            raise ValueError(f"ASHA(kind=) is 'promotion' or 'stopping'; received {kind!r}.")
        self.min_epochs, self.max_epochs = min_epochs, max_epochs
        self.eta, self.kind = check_eta(eta), kind
        self._start_over()

    def __repr__(self) -> str:
        kind = "" if self.kind == "promotion" else f", kind={self.kind!r}"
        return f"ASHA({self.min_epochs}, {self.max_epochs}, eta={self.eta:g}{kind})"

    def next(self, study: Study, *, can_start: bool) -> Step | None:
        """The best trial that can be promoted, from the highest rung down; else a new one."""
        self._read(study)
        if self.kind == "stopping":
            return Grant(until=self.max_epochs, info={"rung": 0}) if can_start else None
        # Algorithm 2, get_job. If the best paused trial of a rung is not among the promoted, none is.
        for number in reversed(range(len(self._rungs) - 1)):
            rung = self._rungs[number]
            best = rung.best_paused()
            if best is not None and rung.rank(best) < self._num_promoted(number, len(rung)):
                place = f"rank {rung.rank(best) + 1} of {len(rung)} at epoch {self.levels[number]}"
                return self._promotion(best, number, place)
        if can_start:
            return Grant(until=self.levels[0], info={"rung": 0})
        return self._hopeless() or self._last_resort()

    def on_report(self, study: Study, trial: int) -> Decision:
        """Pause at a rung, or stop there; go on between two of them."""
        self._read(study)
        standing = self._standings[trial]
        number = self._reached(standing)
        if number is None or standing.until is None:
            return CONTINUE
        rung = self._rungs[number]
        rank, level = rung.rank(standing), self.levels[number]
        place = f"rank {rank + 1} of {len(rung)} at epoch {level}"
        if self.kind == "stopping":
            # A trial that broke is never worth going on, even as the best of those that came so far.
            if rank < self._num_promoted(number, len(rung)) and math.isfinite(standing.value):
                return CONTINUE
            return Decision(Verdict.STOP, f"{place}; one of {self.eta:g} goes on")
        if standing.epoch < standing.until:
            return CONTINUE
        return Decision(Verdict.PAUSE, f"{place}; one of {self.eta:g} goes on", standing.value)

    def forecast(self, num_trials: int) -> Forecast:
        """What a search of so many trials will train.

        Each rung keeps one of eta. From the first one about sqrt(n) more are promoted before better ones
        come, as the paper says of its algorithm.
        """
        total, below, reaching = 0.0, 0, float(num_trials)
        for number, level in enumerate(self.levels):
            total += reaching * (level - below)
            too_early = math.sqrt(reaching) if number == 0 else 0.0
            below, reaching = level, max(1.0, min(reaching, reaching / self.eta + too_early))
        return Forecast(total, self.levels[0], math.ceil(self.eta))

    def _start_over(self) -> None:
        self._standings = Standings()
        self._rungs = [_Rung() for _ in self.levels]
        self._ended: list[End] = []

    def _read(self, study: Study) -> None:
        if not self._standings.is_of(study):
            self._start_over()
        for kind, standing in self._standings.read_on(study):
            if kind is EventKind.TRIAL_STARTED:
                number = self._granted(standing)
                self._rungs[number].coming.add(standing.trial)
            elif kind is EventKind.REPORTED:
                # At every rung that it passed: an objective may skip epochs.
                for number, level in enumerate(self.levels):
                    if standing.before < level <= standing.epoch:
                        self._rungs[number].add(standing.value, standing.trial)
            elif kind is EventKind.TRIAL_PAUSED:
                self._rungs[self._granted(standing)].pause(standing)
            else:
                self._leave(standing)

    def _leave(self, standing: Standing) -> None:
        """Take in that a trial ended. One that did not reach its rung has a rank there all the same.

        So a rung promotes one of eta of all trials, not one of eta of the survivors.
        """
        number = self._granted(standing)
        self._rungs[number].coming.discard(standing.trial)
        if self.kind == "stopping":
            # The rung that it was on its way to. If it broke at a rung, that one, which has its value.
            find = bisect.bisect_right if math.isfinite(standing.value) else bisect.bisect_left
            number = find(self.levels, standing.epoch)
        if number < len(self._rungs) and standing.state is not TrialState.STOPPED:
            failed = standing.state is TrialState.FAILED
            self._rungs[number].add(math.inf if failed else standing.value, standing.trial)

    def _granted(self, standing: Standing) -> int:
        """The number of the rung to which a trial may train."""
        until = self.max_epochs if standing.until is None else standing.until
        return min(bisect.bisect_left(self.levels, until), len(self.levels) - 1)

    def _reached(self, standing: Standing) -> int | None:
        """The number of the rung that the last report reached; None if it reached none."""
        reached = bisect.bisect_right(self.levels, standing.epoch) - 1
        return reached if reached >= 0 and standing.before < self.levels[reached] else None

    def _num_promoted(self, number: int, count: int) -> int:
        """How many of so many trials at a rung go on: one of eta, rounded down."""
        # With two rungs the last but one is the first, to which every trial comes: eta are compared there.
        is_last_but_one = 0 < number == len(self.levels) - 2
        return max(int(self.kind == "stopping" or is_last_but_one), int(count / self.eta))

    def _promotion(self, standing: Standing, number: int, reason: str) -> Grant:
        info = {"rung": number + 1, "reason": reason}
        return Grant(standing.trial, until=self.levels[number + 1], info=info)

    def _hopeless(self) -> End | None:
        """A paused trial that cannot be promoted any more, since no other starts any more.

        It is ended so that its checkpoint can be deleted while the others still run.
        """
        if not self._ended:
            # Each rung can at most receive what trains towards it and what the one below can promote.
            coming = 0  # so many may still come to the rung from the one below
            for number, rung in enumerate(self._rungs[:-1]):
                largest = self._num_promoted(number, len(rung) + len(rung.coming) + coming)
                spared = None if self._one_gets_through else rung.best_paused()
                for standing in rung.paused():
                    rank = rung.rank(standing)
                    if rank >= largest and standing is not spared:
                        place = f"rank {rank + 1} of {len(rung)} at epoch {self.levels[number]}"
                        self._ended.append(End(standing.trial, f"{place}, where at most {largest} go on"))
                coming = len(rung.coming) + sum(rung.rank(one) < largest for one in rung.paused())
        # The list is kept between calls, in which a trial may have ended otherwise.
        while self._ended:
            end = self._ended.pop()
            if self._standings[end.trial].state is TrialState.PAUSED:
                return end
        return None

    def _last_resort(self) -> Step | None:
        """The best trial of the highest rung goes on, once none runs and none was trained in full."""
        if self._standings.num_running or self._one_gets_through:
            return None
        for number in reversed(range(len(self._rungs) - 1)):
            best = self._rungs[number].best_paused()
            if best is not None and math.isfinite(best.value):
                return self._promotion(best, number, "the best that is left, and none was trained in full")
        return None

    @property
    def _one_gets_through(self) -> bool:
        return bool(self._rungs[-1].coming or self._rungs[-1].has_result)


class _Rung:
    """The trials that came to a rung, ordered by their values there.

    Attributes:
        coming: the trials that train on their way to it.
    """

    def __init__(self) -> None:
        self.coming: set[int] = set()
        self._order: list[tuple[float, int]] = []
        self._values: dict[int, float] = {}
        # A heap, from which trials that went on or ended are taken only when they come to the top.
        self._waiting: list[tuple[float, int, int, Standing]] = []

    def __len__(self) -> int:
        return len(self._order)

    @property
    def has_result(self) -> bool:
        """Whether a trial came so far with a finite value."""
        return bool(self._order) and math.isfinite(self._order[0][0])

    def add(self, value: float, trial: int) -> None:
        """Take in the value of a trial, unless it is known; equal values rank by the trials' ids."""
        if trial not in self._values:
            self._values[trial] = value
            bisect.insort(self._order, (value, trial))

    def rank(self, standing: Standing) -> int:
        """How many are better, of those that came so far."""
        return bisect.bisect_left(self._order, (self._values[standing.trial], standing.trial))

    def pause(self, standing: Standing) -> None:
        """Take in that a trial waits at the rung."""
        self.coming.discard(standing.trial)
        if standing.trial in self._values:
            entry = (self._values[standing.trial], standing.trial, standing.attempt, standing)
            heapq.heappush(self._waiting, entry)

    def best_paused(self) -> Standing | None:
        """The best of those that wait here; none whose value is NaN or infinite."""
        while self._waiting and not _waits(self._waiting[0]):
            heapq.heappop(self._waiting)
        best = self._waiting[0] if self._waiting else None
        return None if best is None or math.isinf(best[0]) else best[3]

    def paused(self) -> list[Standing]:
        """All that wait here, the best first."""
        # A sorted list is a heap, too.
        self._waiting = sorted(filter(_waits, self._waiting))
        return [entry[3] for entry in self._waiting]


def _waits(entry: tuple[float, int, int, Standing]) -> bool:
    """Whether the trial still waits where it was paused."""
    # A standing changes in place. A trial that was paused again, further up, has another attempt.
    _, _, attempt, standing = entry
    return standing.state is TrialState.PAUSED and standing.attempt == attempt
