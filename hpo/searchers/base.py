"""What a searcher is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from hpo.study.study import Study


@dataclass(frozen=True)
class Proposal:
    """A config that is worth a trial.

    Attributes:
        config: a valid config of the study's space.
        info: what the log should keep of how it came about, JSON values (generation, parent, reason).
    """

    config: dict[str, Any] = field(hash=False)
    info: dict[str, Any] = field(default_factory=dict, hash=False)


@runtime_checkable
class Searcher(Protocol):
    """Proposes configs. It does not decide how long they run, and nobody tells it results: it reads them.

    What it answers is a function of the study alone (its space, its seed and the events so far). It may
    keep what it computed, as long as a fresh searcher that is given the same study answers the same;
    that makes a study resumable.

    One whose proposals do not depend on what trials gave says so by an attribute `needs_results`, which is
    false: then trials may train together that would otherwise wait for each other.
    """

    def ask(self, study: Study, n: int) -> list[Proposal]:
        """The proposals number `study.num_proposals` to `study.num_proposals + n - 1`."""
        ...


def needs_results(searcher: Searcher) -> bool:
    """Whether what the searcher proposes depends on what the trials before gave."""
    return bool(getattr(searcher, "needs_results", True))
