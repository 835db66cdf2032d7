"""Executors: where trials run. They hold the objectives' generators."""

from hpo.executors.base import Assignment, Ending, Executor, OnProgress, Outcome, Progress, kept_in
from hpo.executors.serial import SerialExecutor

__all__ = [
    "Assignment",
    "Ending",
    "Executor",
    "OnProgress",
    "Outcome",
    "Progress",
    "SerialExecutor",
    "kept_in",
]
