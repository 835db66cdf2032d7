"""What single events of a log say, as the history of a study keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hpo.storage.events import EventKind
from hpo.study.trial import Direction, Metric, TrialState

STATES = {
    EventKind.TRIAL_STARTED: TrialState.RUNNING,
    EventKind.TRIAL_PAUSED: TrialState.PAUSED,
    EventKind.TRIAL_COMPLETED: TrialState.COMPLETED,
    EventKind.TRIAL_STOPPED: TrialState.STOPPED,
    EventKind.TRIAL_FAILED: TrialState.FAILED,
}
"""The state in which an event leaves its trial, if it has an effect."""

ENDINGS = {kind: state for kind, state in STATES.items() if state is not TrialState.RUNNING}
"""The same of the events with which a run of a trial ends."""

_RENAMED = {"Grid": "GridSearch", "Local": "LocalSearch", "Sobol": "SobolSearch"}
"""What older versions call a searcher in a log, and what it is called today."""


class Placed(NamedTuple):
    """The backend and the device of a study.

    Attributes:
        backend: its name; None if several were loaded and none was chosen.
        reason: why this one.
        device: the device that was asked for; None if none was.
    """

    backend: str | None
    reason: str
    device: str | None


class Tested(NamedTuple):
    """The result on the sealed test set.

    Attributes:
        trial: id of the trial whose config was tested.
        metrics: its metrics on the test set.
    """

    trial: int
    metrics: dict[str, float]


def metrics_in(document: Iterable[Mapping[str, str]]) -> tuple[Metric, ...]:
    """What a study optimises, as an event has it: the inverse of `metrics_document`."""
    return tuple(Metric(entry["name"], Direction(entry["direction"])) for entry in document)


def name_today(searcher: str) -> str:
    """Today's name of a searcher that a log names.

    Example:
        >>> name_today("Grid")
        'GridSearch'
    """
    return _RENAMED.get(searcher, searcher)
