"""Executors: where trials run. They hold the objectives' generators."""

from hpo.executors.base import Assignment, Executor, OnReport, Outcome
from hpo.executors.serial import SerialExecutor

__all__ = ["Assignment", "Executor", "OnReport", "Outcome", "SerialExecutor"]
