"""Schedulers: how long each trial runs. One algorithm per file."""

from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.schedulers.asha import ASHA
from hpo.schedulers.base import End, Forecast, Grant, Scheduler, Step, described
from hpo.schedulers.fifo import FIFO
from hpo.schedulers.hyperband import Hyperband
from hpo.schedulers.median import MedianStopping
from hpo.schedulers.named import SCHEDULERS, scheduler_named
from hpo.schedulers.rungs import rung_levels
from hpo.schedulers.successive_halving import SuccessiveHalving

__all__ = [
    "ASHA",
    "CONTINUE",
    "Decision",
    "End",
    "FIFO",
    "Forecast",
    "Grant",
    "Hyperband",
    "MedianStopping",
    "SCHEDULERS",
    "Scheduler",
    "Step",
    "SuccessiveHalving",
    "Verdict",
    "described",
    "rung_levels",
    "scheduler_named",
]
