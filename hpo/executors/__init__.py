"""Executors: where trials run. They hold the objectives' generators."""

from hpo.executors.base import (
    Assignment,
    Companion,
    Ending,
    Executor,
    ExecutorPlan,
    OnProgress,
    Outcome,
    Progress,
    kept_in,
)
from hpo.executors.serial import SerialExecutor
from hpo.executors.simulated import SimulatedExecutor

__all__ = [
    "Assignment",
    "Companion",
    "Ending",
    "Executor",
    "ExecutorPlan",
    "OnProgress",
    "Outcome",
    "Progress",
    "SerialExecutor",
    "SimulatedExecutor",
    "kept_in",
]
