"""Trials that train together, in this process."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from hpo.checkpoints import CheckpointFolder
from hpo.executors.base import Assignment, Companion, Ending, OnProgress, Outcome
from hpo.executors.cohorts.cohort import Cohort, Seat
from hpo.executors.cohorts.memory import CohortMemory, ShortMemory
from hpo.executors.cohorts.planner import Fuse, Planner
from hpo.executors.cohorts.slots import SlotObjective
from hpo.executors.placement import Placement
from hpo.executors.replicated import evaluate
from hpo.objective.context import CurrentTrial, running
from hpo.objective.function import Objective
from hpo.training.fusable import fusable


class CohortExecutor:
    """Runs trials of one shape in one computation, an epoch at a time, and one cohort after the other.

    It takes as many trials as train together, so a synchronous rung is a cohort that shrinks. Trials that
    cannot be fused with those under way wait for their turn. An objective that does not say how its configs
    are trained (`hpo.training.fusable.Fusable`) runs as in a `SerialExecutor`.

    Args:
        objective: what the trials evaluate.
        placement: their seed, backend and device.
        on_progress: receives what they report, and decides how they go on.
        folder: where their checkpoints go; None keeps none.
        fuse: how many train together at most; `"auto"` for as many as pays.
        memory: what the study remembers of its cohorts.
        max_paused: how many paused trials keep what they learned at hand. The trial that stands worst among
            its rivals loses it first (of equals, the one that was paused first), and continues from its
            checkpoint.
    """

    def __init__(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None = None,
        *,
        fuse: Fuse = "auto",
        memory: CohortMemory | None = None,
        max_paused: int = 1024,
    ) -> None:
        function = fusable(objective.function)
        self._seats = None if function is None else SlotObjective(function)
        self._objective = objective if self._seats is None else Objective(self._seats)
        self._placement = placement
        self._on_progress = on_progress
        self._folder = folder
        self._memory = ShortMemory() if memory is None else memory
        self._planner = Planner(fuse, self._memory)
        self._max_paused = max_paused
        self._cohort: Cohort | None = None
        self._waiting: list[Seat] = []
        self._paused: dict[int, Seat] = {}
        self._done: list[Outcome] = []

    @property
    def capacity(self) -> int:
        """How many trials it runs at a time: as many as train together with the first of them.

        While a cohort is under way no trial joins it. One that goes on after an interruption is as it was.
        """
        if self._cohort is not None:
            return len(self._cohort.seats) + len(self._waiting)
        if not self._waiting:
            return 1
        # All of its members are asked for before it trains: alone, their numbers would differ.
        before = self._interrupted()
        if before is not None:
            others = sum(not seat.assignment.cohort for seat in self._waiting)
            return others + sum(one.runs for one in before.assignment.cohort)
        first = self._waiting[0]
        return max(len(self._waiting), self._planner.size(first.slots[0]) if first.slots else 1)

    def submit(self, assignment: Assignment) -> None:
        """Take a trial; it starts or goes on with its cohort in a later `poll`."""
        seat = self._paused.pop(assignment.trial, None)
        if seat is not None and seat.go_on(assignment):
            self._waiting.append(seat)
            return
        evaluation = evaluate(self._objective, assignment, self._placement, self._on_progress, self._folder)
        if self._seats is None:
            self._waiting.append(Seat(assignment, evaluation))
            return
        # Started here and not in `poll`: its places say with which trials it can train.
        outcome = evaluation.start()
        slots = self._seats.collect(assignment.trial)
        if outcome is None:
            self._waiting.append(Seat(assignment, evaluation, slots))
        else:
            self._done.append(outcome)

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        """Train until at least one trial ends, or is not to go on. Nothing interrupts an epoch.

        Raises:
            BaseException: an error that is not the objective's (see `OnProgress`), and what no objective may
                swallow, such as KeyboardInterrupt. The trials of the cohort are closed by then.
        """
        while not self._done and (self._cohort is not None or self._waiting):
            if self._cohort is None:
                self._cohort = self._form()
            # Before the step, after which those that ended are not among its seats.
            cohort, seats = self._cohort, {seat.trial: seat for seat in self._cohort.seats}
            try:
                self._done += cohort.step()
            except BaseException:
                cohort.close()
                self._cohort = None
                raise
            for outcome in self._done:
                self._keep(seats[outcome.trial], outcome)
            if not cohort.seats:
                self._cohort = None
        done, self._done = self._done, []
        return done

    def stop(self, trial: int) -> None:
        """End a trial without an outcome; in a cohort under way it keeps its place."""
        if self._cohort is not None:
            self._cohort.stop(trial)
            if not self._cohort.seats:
                self._cohort = None
        for seat in [*self._waiting, *self._paused.values()]:
            if seat.trial == trial:
                seat.close()
        self._waiting = [seat for seat in self._waiting if seat.trial != trial]
        self._paused.pop(trial, None)

    def close(self) -> None:
        """End all trials without an outcome."""
        running = [] if self._cohort is None else self._cohort.seats
        for seat in [*running, *self._waiting, *self._paused.values()]:
            self.stop(seat.trial)

    def _form(self) -> Cohort:
        """The next cohort: one that was interrupted, else of the trial that waits longest and its like."""
        lead = self._interrupted() or self._waiting[0]
        if lead.assignment.cohort:
            here = {seat.trial: seat for seat in self._like(lead)}
            companions = lead.assignment.cohort
            # In the old order, those that failed included: the arithmetic is then the same to the last bit.
            seats = [here.get(one.trial) or self._empty(one) for one in companions]
        else:
            size = self._planner.size(lead.slots[0]) if lead.slots else 1
            seats = [seat for seat in self._like(lead) if not seat.assignment.cohort][:size]
            # Of one that waited while others trained, the log says when its own training began.
            if len(seats) > 1 or (lead.slots and lead.has_waited):
                self._memory.formed([seat.trial for seat in seats], lead.slots[0].epoch)
        self._waiting = [seat for seat in self._waiting if seat not in seats]
        for seat in self._waiting:
            seat.has_waited = True
        return Cohort(seats, self._memory)

    def _interrupted(self) -> Seat | None:
        """The first trial that waits and was in a cohort when it was interrupted."""
        return next((seat for seat in self._waiting if seat.assignment.cohort), None)

    def _like(self, lead: Seat) -> list[Seat]:
        """The trials that wait and may train together with this one, itself among them."""
        if not lead.slots:
            return [lead]
        kind = self._kind(lead)
        return [seat for seat in self._waiting if seat.slots and self._kind(seat) == kind]

    def _kind(self, seat: Seat) -> Hashable:
        return self._planner.group(seat.slots)

    def _empty(self, companion: Companion) -> Seat:
        """The place of a trial that is gone: it trains along, and its results are not asked for."""
        assert self._seats is not None
        slots = []
        for draw in range(self._placement.replicates):
            here = replace(self._placement, replicate=self._placement.replicate + draw)
            trial = here.current(companion.trial, companion.config, CurrentTrial().host)
            with running(trial):
                slots.append(self._seats.empty(companion.config, trial))
        return Seat(Assignment(companion.trial, companion.config), None, slots)

    def _keep(self, seat: Seat, outcome: Outcome) -> None:
        """Hold a trial that was paused, as long as there is room."""
        evaluation = seat.evaluation
        if outcome.ending is not Ending.LEFT or evaluation is None or not evaluation.waits:
            return
        self._paused[seat.trial] = seat
        while len(self._paused) > self._max_paused:
            self.stop(max(self._paused, key=lambda one: self._paused[one].standing))
