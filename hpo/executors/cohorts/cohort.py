"""A cohort: trials that train together, an epoch at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext

from hpo.executors.base import Assignment, Ending, Outcome
from hpo.executors.cohorts.memory import CohortMemory
from hpo.executors.cohorts.slots import Lane, Slot
from hpo.executors.failures import FROM_OUTSIDE, failed
from hpo.executors.forks import in_one_process
from hpo.executors.output import Speaker, speaking
from hpo.executors.replicated import AnyEvaluation


class Seat:
    """A trial in a cohort.

    Args:
        assignment: what it is to do.
        evaluation: the evaluation that reports for it; None in the place of a trial that failed before an
            interruption.
        slots: its places, one for each draw; none if its objective trains by itself.

    Attributes:
        runs: whether it is under way.
        has_waited: whether another cohort trained since it was to go on.
    """

    def __init__(
        self, assignment: Assignment, evaluation: AnyEvaluation | None, slots: Sequence[Slot] = ()
    ) -> None:
        self.assignment = assignment
        self.evaluation = evaluation
        self.slots = list(slots)
        self.runs = evaluation is not None
        self.has_waited = False

    @property
    def trial(self) -> int:
        """The trial's id."""
        return self.assignment.trial

    @property
    def standing(self) -> float:
        """How the trial stood among others when it paused, small is good."""
        return math.inf if self.evaluation is None else self.evaluation.standing

    def go_on(self, assignment: Assignment) -> bool:
        """Take the next assignment after a pause; whether the trial can train as far as that grants."""
        if self.evaluation is None or not self.evaluation.can_go_on(assignment):
            self.close()
            return False
        self.assignment, self.runs, self.has_waited = assignment, True, False
        self.evaluation.go_on(assignment)
        return True

    def step(self) -> Outcome | None:
        """Report the epoch that was trained; the outcome if the trial ended with it."""
        assert self.evaluation is not None
        outcome = self.evaluation.step()
        self.runs = outcome is None
        return outcome

    def fail(self, error: BaseException) -> Outcome:
        """End it with what its training raised."""
        self.close()
        return failed(self.assignment, error)

    def close(self) -> None:
        """End it without an outcome."""
        self.runs = False
        if self.evaluation is not None:
            self.evaluation.close()


class Cohort:
    """Trials of one shape at the same epoch, in one run for each draw.

    A trial that failed keeps its place, so that the others' numbers stay what they are; with the next one
    that is paused, stopped or at its end, both leave.

    Args:
        seats: the trials in order.
        memory: keeps which trials remain when some have left.
    """

    def __init__(self, seats: Sequence[Seat], memory: CohortMemory) -> None:
        self._seats = list(seats)
        self._memory = memory
        self._lanes: list[Lane] = []

    @property
    def seats(self) -> list[Seat]:
        """The trials that run."""
        return [seat for seat in self._seats if seat.runs]

    def step(self) -> list[Outcome]:
        """Train an epoch, and report it for each trial; the outcomes of those that ended.

        Raises:
            BaseException: an error of a report that is not the objective's. All have reported by then.
        """
        try:
            with speaking(*(Speaker(seat.trial, seat.assignment.attempt) for seat in self.seats)):
                in_one_process(self._train)
        except FROM_OUTSIDE:
            raise
        except BaseException as error:
            return [seat.fail(error) for seat in self.seats]
        outcomes: list[Outcome] = []
        raised: BaseException | None = None
        # What an objective of another kind reports on its way is not to wait for its end.
        with self._memory.together() if self._lanes else nullcontext():
            for seat in self.seats:
                try:
                    outcome = seat.step()
                except BaseException as error:
                    # Those behind it report first: a resumption finds all of them at the same epoch.
                    raised = raised or error
                    continue
                if outcome is not None:
                    outcomes.append(outcome)
            # Not after failures alone: without their places the others' numbers change by round-off.
            if raised is None and any(one.ending is not Ending.FAILED for one in outcomes):
                self._shrink()
        if raised is not None:
            raise raised
        return outcomes

    def stop(self, trial: int) -> None:
        """End a trial without an outcome; it keeps its place."""
        for seat in self._seats:
            if seat.trial == trial:
                seat.close()

    def close(self) -> None:
        """End all trials without an outcome."""
        for seat in self.seats:
            seat.close()

    @property
    def _is_over(self) -> bool:
        """Whether all trials have trained their last epoch, and only have to end."""
        return all(slot.is_over for seat in self.seats for slot in seat.slots)

    def _train(self) -> None:
        """Train an epoch, if one is left."""
        if not self._lanes:
            # Here and not at construction: what a backend raises is the failure of these trials.
            draws = zip(*(seat.slots for seat in self._seats), strict=True)
            self._lanes = [Lane(slots) for slots in draws]
        if not self._is_over:
            for lane in self._lanes:
                lane.train_epoch()

    def _shrink(self) -> None:
        """Take out all trials that no longer run."""
        for seat in [seat for seat in self._seats if not seat.runs]:
            for lane, slot in zip(self._lanes, seat.slots, strict=True):
                lane.drop(slot)
            self._seats.remove(seat)
        if self._seats and self._lanes:
            trials = [seat.trial for seat in self._seats]
            self._memory.formed(trials, self._seats[0].slots[0].epoch)
