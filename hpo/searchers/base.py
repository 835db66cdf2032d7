"""What a searcher is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from hpo.study.study import Study


@dataclass(frozen=True)
class Proposal:
    """A config that is worth a trial.

    Attributes:
        config: a valid config of the study's space.
        info: what the log should keep of how it came about, JSON values. Other code reads the keys of
            `hpo.study.trial.TrialInfo`; any others may stand beside them.
    """

    config: dict[str, Any] = field(hash=False)
    info: dict[str, Any] = field(default_factory=dict, hash=False)


@runtime_checkable
class Searcher(Protocol):
    """Proposes configs. It does not decide how long they run, and it is not told results: it reads them.

    What it answers is a function of the study alone (its space, its seed and the events so far). It may
    keep what it computed, as long as a fresh searcher that is given the same study answers the same;
    that makes a study resumable.

    A class that derives from this one inherits the defaults of what it does not define. The objects of any
    other class that has `ask` get them when a search takes them.

    Attributes:
        needs_results: whether what it proposes depends on what the trials before gave. If it does not, trials
            may train together that would otherwise wait for each other.
    """

    needs_results: bool = True

    @abstractmethod
    def ask(self, study: Study, n: int) -> list[Proposal]:
        """The proposals number `study.num_proposals` to `study.num_proposals + n - 1`."""
        ...
