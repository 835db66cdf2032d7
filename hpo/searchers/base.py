"""The protocol of searchers, and what they propose."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from hpo.space import Space
from hpo.study.study import Study


@dataclass(frozen=True)
class Proposal:
    """A config that is worth a trial.

    Attributes:
        config: a valid config of the study's space.
        info: how the proposal came about, for the log; JSON values. Other code reads the keys of
            `hpo.study.trial.TrialInfo`; any others may stand beside them.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Int(0, 9)}
        >>> study = hpo.search(lambda config: config["x"], space, num_trials=3, seed=0)
        >>> hpo.LocalSearch(probability=1).ask(study, 1)
        [Proposal(config={'x': 3}, info={'by': 'change', 'parent': 1})]
    """

    # Left out of the hash, since a dict has none.
    config: dict[str, Any] = field(hash=False)
    info: dict[str, Any] = field(default_factory=dict, hash=False)


@runtime_checkable
class Searcher(Protocol):
    """Proposes configs. A searcher reads results from the study, and does not decide how long trials run.

    Its proposals are a function of the study alone: its space, its seed and the events so far. It may cache
    what it computed, as long as a fresh searcher proposes the same for the same study. That makes a study
    resumable.

    A class that derives from this one inherits the defaults of what it does not define. Objects of any other
    class with `ask` get them when a search takes them.

    One that chooses between ways to propose may say which and why by a method `reason(space)`, which returns
    one line for the study's notes.

    Attributes:
        needs_results: whether proposals depend on the results of earlier trials. If not, trials that would
            otherwise wait for each other may train together.

    Example:
        >>> import hpo
        >>> from hpo.searchers import Proposal, Searcher
        >>> class Halfway(Searcher):
        ...     def ask(self, study, n):
        ...         draws = study.space.sample(study.seed, n=n, start=study.num_proposals)
        ...         if not study.num_completed:
        ...             return [Proposal(draw, {"by": "random"}) for draw in draws]
        ...         best = study.best
        ...         info = {"by": "halfway", "parent": best.id}
        ...         return [Proposal({"x": (best.config["x"] + draw["x"]) / 2}, info) for draw in draws]
        >>> space = {"x": hpo.Float(0, 1)}
        >>> study = hpo.search(lambda c: abs(c["x"] - 0.6), space, searcher=Halfway(), num_trials=5, seed=0)
        >>> [(round(trial.config["x"], 2), trial.info.get("parent")) for trial in study.trials]
        [(0.67, None), (0.37, 0), (0.41, 0), (0.59, 0), (0.64, 3)]
    """

    needs_results: bool = True

    @abstractmethod
    def ask(self, study: Study, n: int) -> list[Proposal]:
        """Return the proposals number `study.num_proposals` to `study.num_proposals + n - 1`."""
        ...


def reason_of(searcher: Searcher, space: Space) -> str | None:
    """Why a searcher proposes in this space as it does, in one line for the study; None if it does not say.

    One that chooses for itself has a method `reason(space)`. The protocol does not ask for it, so that the
    searchers of others stay what they are to a type checker.
    """
    explain = getattr(searcher, "reason", None)
    why = explain(space) if callable(explain) else None
    return None if why is None else str(why)
