"""Random search (Bergstra and Bengio 2012, "Random Search for Hyper-Parameter Optimization")."""

from __future__ import annotations

from typing import Any

from hpo.searchers.base import Proposal, Searcher
from hpo.space import Space
from hpo.study.study import Study

_BLOCK = 1024
"""Configs are drawn in whole blocks: one by one, SciPy's quantiles alone cost a hundred times more."""


class RandomSearch(Searcher):
    """Draws each config from the space's priors, independently of all others.

    Proposal i is draw i of `space.sample`. It depends on the study's seed and i alone, not on earlier trials
    or on the number of workers.

    Example:
        >>> import hpo
        >>> space = hpo.Space({"x": hpo.Float(0, 1)})
        >>> study = hpo.search(lambda c: c["x"], space, searcher=RandomSearch(), num_trials=3, seed=0)
        >>> [trial.config for trial in study.trials] == space.sample(seed=0, n=3)
        True
    """

    needs_results = False

    def __init__(self) -> None:
        self._drawn_for: tuple[Space, int, int] | None = None
        self._drawn: list[dict[str, Any]] = []

    def ask(self, study: Study, n: int) -> list[Proposal]:
        """The next n draws.

        Raises:
            SpaceError: almost no config meets the space's constraints.
        """
        start = study.num_proposals
        return [Proposal(dict(self._draw(study, number))) for number in range(start, start + n)]

    def _draw(self, study: Study, number: int) -> dict[str, Any]:
        block, row = divmod(number, _BLOCK)
        known = self._drawn_for
        # By identity: comparing two spaces would cost more than the draw.
        if known is None or known[0] is not study.space or known[1:] != (study.seed, block):
            self._drawn_for = (study.space, study.seed, block)
            self._drawn = study.space.sample(study.seed, n=_BLOCK, start=block * _BLOCK)
        return self._drawn[row]
