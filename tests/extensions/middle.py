"""The middle of the space, then random search."""

from __future__ import annotations

import numpy as np

from hpo.searchers.sequential import Sequential
from hpo.searchers.situation import Pick, Situation, draw_untried


class MiddleFirst(Sequential):
    """Tries the middle of the space first, and draws from the priors after that."""

    needs_results = False

    def propose(self, situation: Situation) -> Pick | None:
        """The middle for the first trial; a draw for each other one, or where the middle may not be tried."""
        [middle] = situation.cube.snap(np.full((1, len(situation.cube)), 0.5))
        if situation.number == 0 and situation.accepts(middle[None])[0]:
            return Pick(middle)
        return draw_untried(situation)
