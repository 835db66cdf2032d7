"""What a scheduler is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from hpo.decision import Decision
from hpo.study import Study


@dataclass(frozen=True)
class Grant:
    """Epochs that a trial may train.

    Attributes:
        trial: id of a paused trial that goes on; None for a new one, whose config the searcher proposes.
        until: the last epoch that is granted; None where the objective itself knows its end.
        info: what the log should keep of how it came about, JSON values (rung, bracket, reason).
    """

    trial: int | None = None
    until: int | None = None
    info: dict[str, Any] = field(default_factory=dict, hash=False)


@runtime_checkable
class Scheduler(Protocol):
    """Decides how long each trial runs. It proposes no configs, and nobody tells it results: it reads them.

    What it answers is a function of the study alone, so that a study can be resumed; it may keep what it
    computed, as long as a fresh scheduler that is given the same study answers the same.
    """

    def next(self, study: Study, *, can_start: bool) -> Grant | None:
        """Who trains next; None if nobody can before another trial reports.

        Args:
            study: everything so far, with what runs at the moment.
            can_start: whether a new trial may be started.
        """
        ...

    def on_report(self, study: Study, trial: int) -> Decision:
        """How a running trial goes on after its last report, which is in the study."""
        ...
