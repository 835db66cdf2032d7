"""K models that train one after the other as one run, for what a backend cannot train together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hpo.backend import Run, Scores, State


class RunsInTurn:
    """A `hpo.backend.Run` made of runs of one model each.

    Args:
        runs: at least one, all on the same data.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = list(runs)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        return self._scores(lambda run: run.epoch(order))

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        return self._scores(lambda run: run.validate())

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        return [state for run in self._runs for state in run.state()]

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        for run, state in zip(self._runs, states, strict=True):
            run.load([state])

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        del self._runs[index]

    def _scores(self, ask: Callable[[Run], Scores]) -> Scores:
        errors, losses = zip(*(ask(run) for run in self._runs), strict=True)
        return Scores(np.concatenate(errors), np.concatenate(losses))
