"""One evaluation of an objective: its call, its generator, its result, its failure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from hpo.executors.base import Assignment, Ending, OnProgress, Outcome
from hpo.executors.failures import FROM_OUTSIDE, failed
from hpo.executors.files import TrialFiles
from hpo.executors.forks import in_one_process
from hpo.executors.host import Host
from hpo.executors.output import Speaker, Speakers, speaking
from hpo.executors.placement import Placement
from hpo.objective.context import CurrentTrial, TrialEnded, running
from hpo.objective.decision import Decision, Verdict
from hpo.objective.function import Objective, Result, ResultError, read_result

# Not None, which an objective may return after its reports.
_NOTHING = object()


class Evaluation:
    """One trial under way in this process.

    The current trial is set around the objective's call and around every step of its generator, and is
    never set while other code runs.

    Args:
        objective: what is evaluated.
        assignment: the trial.
        placement: where it runs.
        on_progress: receives what it reports, and decides how it goes on.
        files: where its checkpoints come from and go to.
    """

    def __init__(
        self,
        objective: Objective,
        assignment: Assignment,
        placement: Placement,
        on_progress: OnProgress,
        files: TrialFiles,
    ) -> None:
        self._objective = objective
        self._placement = placement
        self._host = Host(assignment, placement, on_progress, files)
        self._current: CurrentTrial | None = None
        self._steps: Iterator[Any] | None = None
        self._is_generator = False
        self._seen = 0

    @property
    def waits(self) -> bool:
        """Whether the trial is paused at a `yield`, from where it can go on."""
        return self._steps is not None and self._host.decision.verdict is Verdict.PAUSE

    @property
    def standing(self) -> float:
        """How the trial stood among others when it paused, small is good; infinite where it is not known."""
        standing = self._host.decision.standing
        return math.inf if standing is None else standing

    @property
    def is_open(self) -> bool:
        """Whether there is a generator that has not ended."""
        return self._steps is not None

    @property
    def unread(self) -> tuple[str, ...]:
        """The names in its config that the objective has not looked at."""
        return self._host.unread

    def pause(self, decision: Decision) -> bool:
        """Pause at the last report, by a decision that came later; whether the trial can wait there."""
        self._host.decision = decision
        return self.waits

    def can_go_on(self, assignment: Assignment) -> bool:
        """Whether the generator at hand can train as far as the assignment says.

        A plain function that received `max_epochs`, and returned an iterator over these, ends with them.
        """
        told = self._objective.takes_max_epochs and not self._objective.can_wait
        return not told or assignment.until == self._host.assignment.until

    def go_on(self, assignment: Assignment) -> None:
        """Take the next assignment of a trial that was paused at a `yield`."""
        self._host.go_on(assignment)

    def start(self) -> Outcome | None:
        """Call the objective, and no more if it returns a generator; the outcome if that was all."""
        return self._guarded(self._begin)

    def step(self) -> Outcome | None:
        """Go on to the next report that the objective yields, or to its end; the outcome if it ended.

        Raises:
            BaseException: what `on_progress` raised, a `ResultError` apart, and what ends the objective from
                outside, such as KeyboardInterrupt.
        """
        return self._guarded(self._advance)

    def _guarded(self, go_on: Callable[[], object]) -> Outcome | None:
        """Let the objective go on; the outcome if it ended."""
        host = self._host
        try:
            value = in_one_process(go_on)
            # An objective may have swallowed the refusal of its report, and returned as if all was well.
            host.raise_refused()
            if value is not _NOTHING and host.decision.goes_on:
                return self._ended(value)
        except TrialEnded:
            if host.refused is not None:
                return self._failed(host.refused)
        except FROM_OUTSIDE:
            raise
        except BaseException as raised:
            # The objective may have swallowed or wrapped what its report was refused with. How it takes
            # the end of its trial is its own affair.
            if host.refused is not None or host.decision.goes_on:
                return self._failed(host.refused or raised)
        if host.decision.goes_on:
            return None
        if not self.waits:
            self.close()
        return self._outcome(Ending.LEFT)

    def close(self) -> None:
        """Close the generator; what it still reports or raises is ignored."""
        close = getattr(self._steps, "close", None)
        # Forgotten first: from now on the trial is over, whatever its clean-up does.
        self._steps = None
        if close is None or self._current is None:
            return
        self._host.leave()
        try:
            with running(self._current), self._speaking():
                in_one_process(close)
        except FROM_OUTSIDE:
            raise
        except BaseException:
            # The trial's outcome is known by now; a clean-up that fails does not change it.
            return

    def _begin(self) -> object:
        """What the objective returned; `_NOTHING` if that is a generator, or if it was called before."""
        if self._current is not None:
            return _NOTHING
        # The call itself is in the trial, too: a plain function trains in it, and reports from inside.
        host, mine = self._host, self._host.assignment
        self._current = self._placement.current(mine.trial, host.config, host)
        with running(self._current), self._speaking():
            host.begin_epoch(0)
            value = self._objective(host.config, self._current)
        if not isinstance(value, Iterator):
            return value
        self._steps, self._is_generator = value, True
        return _NOTHING

    def _advance(self) -> object:
        """One step; what the objective returned, or `_NOTHING` after a report that it yielded."""
        host = self._host
        if self._current is None:
            value = self._begin()
            if value is not _NOTHING:
                return value
        elif self._steps is not None:
            self._placement.begin_epoch(host.epoch + 1)
        assert self._current is not None
        assert self._steps is not None
        try:
            with running(self._current), self._speaking():
                value = next(self._steps)
        except StopIteration as end:
            self._steps = None
            return end.value
        # A bare `yield` after hpo.report(...) only hands over.
        if value is not None or host.num_reports == self._seen:
            host.report(value, None)
        self._seen = host.num_reports
        return _NOTHING

    def _speaking(self) -> AbstractContextManager[Speakers]:
        """In the block it is the objective that prints."""
        mine = self._host.assignment
        return speaking(Speaker(mine.trial, mine.attempt))

    def _ended(self, value: object) -> Outcome:
        """The outcome of an objective that came to its end with this value."""
        host = self._host
        # After a restored checkpoint its last report may have been made by an earlier attempt.
        if value is None and host.epoch:
            return self._outcome(Ending.ENDED)
        until = host.assignment.until
        if until is not None and not host.num_reports and self._objective.takes_max_epochs:
            # It trained as long as it was told to: that is a report, on which a scheduler decides.
            decision = host.report(value, until)
            return self._outcome(Ending.ENDED if decision.goes_on else Ending.LEFT)
        return self._outcome(Ending.ENDED, result=self._result(value))

    def _result(self, value: object) -> Result:
        if value is None and self._is_generator:
            raise ResultError("its generator ended without yielding anything")
        if value is None and self._host.silence is not None:
            raise ResultError(self._host.silence)
        return read_result(value)

    def _failed(self, error: BaseException) -> Outcome:
        self.close()
        if error is self._host.refused and not isinstance(error, ResultError):
            # Not the objective's error: what takes its reports raised it, and the search ends with it.
            raise error
        return failed(self._host.assignment, error)

    def _outcome(self, ending: Ending, result: Result | None = None) -> Outcome:
        mine = self._host.assignment
        return Outcome(mine.trial, mine.attempt, ending, result, unread=self.unread)
