"""A search whose reports a test writes, so that it can say which trial reports what, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hpo.objective.decision import CONTINUE, Decision
from hpo.schedulers import Scheduler, Step
from hpo.space import Float, Space
from hpo.study.study import Study
from hpo.study.trial import Trial
from hpo.tuner.tuner import Tuner


class Driven:
    """A scheduler at work, one report after the other.

    Args:
        scheduler: the scheduler under test.
        num_trials: how many proposals there are in all.
        space: what is searched; by default a number from 0 to 1.
        maximize: whether large values are good.

    Attributes:
        study: the view of what happened.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        num_trials: int = 1000,
        space: Space | Mapping[str, object] | None = None,
        maximize: bool = False,
    ) -> None:
        goal: dict[str, Any] = {"maximize": "error"} if maximize else {"minimize": "error"}
        self._tuner = Tuner(None, space or {"x": Float(0, 1)}, scheduler=scheduler, seed=3, **goal)
        self._lifecycle = self._tuner._lifecycle
        self._num_trials = num_trials
        self.study: Study = self._tuner.study

    def next(self) -> Step | None:
        """What the scheduler would do next."""
        can_start = self.study.num_proposals < self._num_trials
        return self._lifecycle.scheduler.next(self.study, can_start=can_start)

    def start(self) -> int | None:
        """Start what is next; its id. None if nothing can start."""
        return self._lifecycle.hand_out(self._num_trials)

    def report(self, trial: int, *errors: float) -> Decision:
        """Report these values; the decision on the last one."""
        decision = CONTINUE
        for error in errors:
            decision = self._tuner.report(trial, {"error": error})
        return decision

    def fail(self, trial: int) -> None:
        """Let a trial fail."""
        self._tuner.tell(trial, failed="it broke")

    def run(
        self, curve: Callable[[Trial, int], float], *, workers: int = 1, last_epoch: int | None = None
    ) -> Study:
        """Go on to the end with several workers, the newest and the oldest of which report in turns.

        Args:
            curve: the value of a trial after an epoch.
            workers: how many trials run at once.
            last_epoch: where the trials end by themselves.
        """
        running, turn = list[int](), 0
        while True:
            while len(running) < workers and (started := self.start()) is not None:
                running.append(started)
            if not running:
                return self.study
            turn += 1
            trial = self.study.trials[running[0 if turn % 2 else -1]]
            epoch = len(trial.reports) + 1
            if not self.report(trial.id, curve(trial, epoch)).goes_on:
                running.remove(trial.id)
            elif epoch == last_epoch:
                self._tuner.tell(trial)
                running.remove(trial.id)
