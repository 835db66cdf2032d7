"""A search driven step by step, so that a contract can say which trial ends when, and how."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from hpo.searchers import Proposal, Searcher
from hpo.space import Space
from hpo.study.study import Study
from hpo.study.trial import Trial
from hpo.tuner.tuner import Tuner

Score: TypeAlias = Callable[[dict[str, Any]], float]
"""Returns the value of a config; NaN or infinity makes its trial fail."""


class SearchByHand:
    """Asks a searcher and tells results, several trials at a time.

    Args:
        searcher: the searcher under test.
        space: what is searched.
        score: the objective.
        seed: the study's seed.
        workers: how many trials run at once; the newest and the oldest end in turns.
        maximize: whether large values are good.

    Attributes:
        study: the view of what happened.
        ended: whether the searcher had nothing more to propose.
    """

    def __init__(
        self,
        searcher: Searcher,
        space: Space,
        score: Score,
        *,
        seed: int = 0,
        workers: int = 1,
        maximize: bool = False,
    ) -> None:
        self._searcher = searcher
        self._score = score
        self._workers = workers
        self._handed_over = _HandedOver()
        goal = {"maximize": "value"} if maximize else {"minimize": "value"}
        self._tuner = Tuner(None, space, searcher=self._handed_over, num_trials=1, seed=seed, **goal)  # type: ignore[arg-type]  # one name
        self._running: list[Trial] = []
        self._num_told = 0
        self.study: Study = self._tuner.study
        self.ended = False

    def run(self, num_trials: int) -> Study:
        """Go on until there are `num_trials` proposals in all, or the searcher ends, and all have results."""
        while self.study.num_proposals < num_trials and not self.ended:
            self.start(min(self._workers - len(self._running), num_trials - self.study.num_proposals))
            if self._running:
                self.finish()
        while self._running:
            self.finish()
        return self.study

    def start(self, n: int) -> list[Trial]:
        """Start the next n proposals."""
        proposals = self._searcher.ask(self.study, n)
        self.ended = len(proposals) < n
        self._handed_over.proposals = list(proposals)
        started = [self._tuner.ask() for _ in proposals]
        self._running += started
        return started

    def finish(self) -> None:
        """End one of the running trials."""
        trial = self._running.pop(0 if self._num_told % 2 else -1)
        value = self._score(trial.config)
        if math.isfinite(value):
            self._tuner.tell(trial, value)
        else:
            self._tuner.tell(trial, failed=f"The score is {value}.")
        self._num_told += 1

    def add(self, config: dict[str, Any]) -> None:
        """Add a result that is known from elsewhere."""
        self._tuner.add(config, self._score(config))


class _HandedOver(Searcher):
    """A searcher that proposes what another one did."""

    def __init__(self) -> None:
        self.proposals: list[Proposal] = []

    def ask(self, study: Study, n: int) -> list[Proposal]:
        """The next of what was handed over."""
        given, self.proposals = self.proposals[:n], self.proposals[n:]
        return given
