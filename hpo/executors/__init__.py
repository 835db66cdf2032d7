"""Executors: where trials run. They hold the objectives' generators."""

from hpo.executors.base import (
    Assignment,
    Companion,
    Ending,
    Executor,
    OnProgress,
    Outcome,
    Progress,
    kept_in,
)
from hpo.executors.plans import Cohorts, ExecutorPlan
from hpo.executors.serial import SerialExecutor
from hpo.executors.simulated import SimulatedExecutor
from hpo.executors.workers import Workers

__all__ = [
    "Assignment",
    "Cohorts",
    "Companion",
    "Ending",
    "Executor",
    "ExecutorPlan",
    "OnProgress",
    "Outcome",
    "Progress",
    "SerialExecutor",
    "SimulatedExecutor",
    "Workers",
    "kept_in",
]
