"""What is known of a search: its log in memory, the fold of the log, the view of it, and the only writer."""

from hpo.storage.events import Event, EventKind
from hpo.study.origin import load_study
from hpo.study.ranks import Confirmed, Incumbents
from hpo.study.study import Study
from hpo.study.trial import Direction, Metric, Report, Trial, TrialInfo, TrialState

__all__ = [
    "Confirmed",
    "Direction",
    "Event",
    "EventKind",
    "Incumbents",
    "Metric",
    "Report",
    "Study",
    "Trial",
    "TrialInfo",
    "TrialState",
    "load_study",
]
