"""The loop of a search: what runs next, and when it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from hpo.executors import Executor, Progress
from hpo.objective.decision import Decision
from hpo.tuner.lifecycle import Lifecycle
from hpo.tuner.output.trials import TrialOutput
from hpo.tuner.stop_rules import Clock, StopRule

_log = logging.getLogger(__name__)

_LOOK_AGAIN = 0.5
"""Seconds after which a tuner that waits for others reads the log again."""


class TimeIsUpError(Exception):
    """The time of the search is over. Trials that run continue when the search does."""


class Loop:
    """Keeps an executor busy until the search is over.

    It waits only for trials that the executor has, or that another tuner runs and beats for.

    Args:
        lifecycle: the trials of the study.
        total: how many proposals there may be in all; None for any number.
        rules: what else ends the search.
        clock: the time that is left.
        max_retries: how many times a trial whose process was lost is run again.
        give_up_after: how many equal failures of the first trials end the search; None for any number.
        output: what the trials print.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        *,
        total: int | None,
        rules: Sequence[StopRule],
        clock: Clock,
        max_retries: int,
        give_up_after: int | None,
        output: TrialOutput,
    ) -> None:
        self._lifecycle = lifecycle
        self._total = total
        self._rules = rules
        self._clock = clock
        self._max_retries = max_retries
        self._failures = lifecycle.watch_failures(give_up_after)
        self._output = output
        self._waited_for: set[int] = set()

    def on_progress(self, progress: Progress) -> Decision:
        """Take what a trial reports; the executor calls this.

        Raises:
            TimeIsUpError: the search has no time left.
            ResultError: the trial has failed with this.
        """
        decision = self._lifecycle.take(progress)
        # After the report was recorded, and not instead of a decision that ends the trial anyway.
        if decision.goes_on and self._clock.is_over:
            raise TimeIsUpError
        return decision

    def run(self, executor: Executor) -> str | None:
        """Run trials until the search is over. Returns why it is; None if all of its trials have run.

        Raises:
            GiveUpError: no trial can survive.
        """
        while True:
            self._failures.check()
            over = self._over()
            if over is None:
                self._fill(executor)
            # A stop rule lets running trials end, so the loop goes on until none is left.
            if not self._lifecycle.in_flight:
                if over is not None or not self._wait_for_others():
                    return over
                continue
            left = self._clock.left
            try:
                outcomes = executor.poll(left)
            except TimeIsUpError:
                return self._over()
            if not outcomes and left is None:
                raise self._endless(executor)
            for outcome in outcomes:
                again = self._lifecycle.settle(self._output.told(outcome), self._max_retries)
                self._settle_output(outcome.trial)
                if again is not None:
                    executor.submit(again)
            # What still runs is left without an end; the next run() takes it up.
            if self._clock.is_over:
                return self._over()

    def _over(self) -> str | None:
        if self._clock.is_over:
            seconds = self._clock.timeout
            return "its second is over" if seconds == 1 else f"its {seconds:g} seconds are over"
        return next((why for rule in self._rules if (why := rule(self._lifecycle.study)) is not None), None)

    def _fill(self, executor: Executor) -> None:
        """Give the executor what it can take."""
        # Asked after each start: the capacity of a cohort depends on the trial that leads it.
        while len(self._lifecycle.in_flight) < executor.capacity:
            assignment = self._lifecycle.assign(self._total)
            # The scheduler may have ended paused trials on the way; their generators hold memory.
            for trial in self._lifecycle.dismissed():
                executor.stop(trial)
                self._settle_output(trial)
            if assignment is None:
                return
            executor.submit(assignment)

    def _settle_output(self, trial: int) -> None:
        self._output.settle(trial, self._lifecycle.history.state(trial))

    def _endless(self, executor: Executor) -> RuntimeError:
        """What is known of a wait that nothing would end."""
        trials = ", ".join(map(str, sorted(self._lifecycle.in_flight)))
        return RuntimeError(
            f"{type(executor).__name__}.poll() returned no outcome, where it was to wait for one of the "
            f"trials {trials}: it has lost them. The study is as its log has it, and a resumption runs them "
            f"again."
        )

    def _wait_for_others(self) -> bool:
        """Wait a while if other tuners still run trials of the study; whether they do."""
        others = self._lifecycle.with_others
        if not others:
            return False
        # One warning for each set of trials, and not two in a second.
        if others != self._waited_for:
            _log.warning(
                "The search waits for trials that another tuner runs: %s. Ctrl-C ends it and loses nothing.",
                ", ".join(map(str, sorted(others))),
            )
            self._waited_for = others
        time.sleep(min(_LOOK_AGAIN, self._clock.left or _LOOK_AGAIN))
        self._lifecycle.read_on()
        return True
