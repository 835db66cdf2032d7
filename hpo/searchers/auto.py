"""Automatic choice between the Gaussian process, TPE and Sobol points."""

from __future__ import annotations

from hpo.checks import checked_count
from hpo.searchers.base import Proposal, Searcher
from hpo.searchers.gaussian_process import GaussianProcess
from hpo.searchers.sobol import SobolSearch
from hpo.searchers.tpe import TPE
from hpo.space import Space
from hpo.study.study import Study

MOST_MODELLED = 500
"""After so many trials TPE takes over: the cost of a Gaussian process grows with their cube."""

MOST_DIMENSIONS = 100
"""With more hyperparameters than this TPE is used from the start."""


class Auto(Searcher):
    """Lets the searcher that suits the study make each proposal.

    The choice depends on the space, the trials so far, the budget and the workers. The log names the searcher
    of each proposal, and the reason.

    Args:
        num_trials: the number of trials of the search, where that is known.
        workers: the number of trials that run at once.

    Raises:
        ValueError: an argument is no integer of at least 1.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(0, 1)}
        >>> study = hpo.search(lambda c: c["x"], space, searcher="auto", num_trials=3, seed=0)
        >>> study.trials[0].info["searcher"]
        'gp'
    """

    def __init__(self, *, num_trials: int | None = None, workers: int = 1) -> None:
        for name, value in {"num_trials": num_trials, "workers": workers}.items():
            if value is not None:
                checked_count(name, value, if_no_integer=ValueError)
        self._num_trials = num_trials
        self._workers = workers
        self._searchers: dict[str, Searcher] = {"gp": GaussianProcess(), "sobol": SobolSearch(), "tpe": TPE()}

    def ask(self, study: Study, n: int) -> list[Proposal]:
        """The next n proposals of the searcher that suits the study.

        Raises:
            SpaceError: almost no config meets the space's constraints.
            ObjectiveError: the study has several metrics.
        """
        name, reason = self.choose(study)
        added = {"searcher": name, "why": reason}
        return [
            Proposal(proposal.config, proposal.info | added)
            for proposal in self._searchers[name].ask(study, n)
        ]

    def choose(self, study: Study) -> tuple[str, str]:
        """Return the name of the searcher for the next proposals, and the reason for it."""
        return self._choose(study.space, len(study.trials))

    def reason(self, space: Space) -> str:
        """The searcher for the first proposals, and why."""
        name, why = self._choose(space, 0)
        return f"it takes {name}: {why}"

    def _choose(self, space: Space, num_trials: int) -> tuple[str, str]:
        num_free = sum(domain.size > 1 for domain in space.values())
        if self._num_trials is not None and self._num_trials <= self._workers:
            return "sobol", "all trials start before the first result"
        if num_free > MOST_DIMENSIONS:
            return "tpe", f"{num_free} hyperparameters, more than a Gaussian process can tell apart"
        if num_trials >= MOST_MODELLED:
            return "tpe", f"{MOST_MODELLED} trials or more, for which a Gaussian process is slow"
        hyperparameters = "hyperparameter" if num_free == 1 else "hyperparameters"
        return "gp", f"{num_free} {hyperparameters} and fewer than {MOST_MODELLED} trials"
