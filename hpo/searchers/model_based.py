"""The frame of searchers with a surrogate: the initial design, and what is left to chance."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from hpo.backend.threads import one_thread
from hpo.checks import checked_count
from hpo.searchers.sequential import Sequential
from hpo.searchers.situation import Pick, Situation, draw_untried
from hpo.searchers.sobol_points import MAX_DIMENSIONS
from hpo.surrogates.cube import Cube
from hpo.surrogates.observations import INITIAL_DESIGN

_MAX_SKIPPED = 64
_SHARE_BY_CHANCE = 1 / 2
_PROMOTED = 2
"""Under a scheduler the model waits for this many promotions for each result of the initial design."""


class ModelBased(Sequential):
    """A searcher that learns from results.

    Until there are enough results it proposes an initial design: the middle of the space (the median of each
    prior) and then points of a Sobol sequence. Results that a user added count as well.

    Args:
        num_initial: the number of results that the model needs; by default `default_num_initial`.

    Raises:
        ValueError: `num_initial` is below 2.
    """

    def __init__(self, *, num_initial: int | None = None) -> None:
        super().__init__()
        if num_initial is not None:
            expected = "an integer of at least {least}, how many results come before the model"
            checked_count("num_initial", num_initial, least=2, expected=expected, if_no_integer=ValueError)
        self._num_initial = num_initial

    @abstractmethod
    def default_num_initial(self, cube: Cube) -> int:
        """How many results are needed before the model is asked."""

    @abstractmethod
    def ask_model(self, situation: Situation) -> Pick | None:
        """The model's choice, snapped and accepted; None if it has none. At least two results are known."""

    def propose(self, situation: Situation) -> Pick | None:
        """The model's choice, or a point of the initial design."""
        if situation.observations.num_partial and self._should_explore(situation):
            return draw_untried(situation)
        num_known = int(situation.observations.known.sum())
        # Failures count, else a space in which most trials fail would never leave the initial design.
        num_ended = num_known + int(situation.observations.failed.sum())
        if num_known >= 2 and num_ended >= (self._num_initial or self.default_num_initial(situation.cube)):
            # On matrices of this size, BLAS threads beside a busy neighbour took sixteen times as long.
            with one_thread():
                choice = self.ask_model(situation)
            if choice is not None:
                return choice
        return self._initial(situation)

    def _should_explore(self, situation: Situation) -> bool:
        """Whether to draw from the priors, in a search whose trials are cut off early.

        The first epochs are misleading, in a different way for each task. A model that trusts them fills the
        rungs with near copies of an early winner, beside which nothing else is ever promoted. So the model
        waits until enough trials were promoted, and leaves a part to chance, as BOHB does (Falkner et al.
        2018, section 4.1).

        BOHB draws a third of its proposals. Where trials are promoted one by one, that is too little: the
        proposals of a model that learns are better than all before, nearly all go on, and they take far more
        than their share of the epochs. So it is the epochs that are shared here, in halves.
        """
        needed = _PROMOTED * (self._num_initial or self.default_num_initial(situation.cube))
        observations = situation.observations
        return observations.num_advanced < needed or observations.share_by_chance < _SHARE_BY_CHANCE

    def _initial(self, situation: Situation) -> Pick | None:
        cube = situation.cube
        if len(cube) > MAX_DIMENSIONS:
            return draw_untried(situation)
        # By the proposal's number, so that it is the same whatever the number of workers.
        points = self.sobol(situation, situation.number, _MAX_SKIPPED)
        if situation.number == 0:
            points = np.concatenate([cube.snap(np.full((1, len(cube)), 0.5)), points])
        for point in points:
            if situation.accepts(point[None])[0]:
                return Pick(point, {"by": INITIAL_DESIGN})
        return draw_untried(situation)
