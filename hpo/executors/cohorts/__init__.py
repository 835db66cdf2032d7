"""Trials that train together in this process."""

from hpo.executors.cohorts.executor import CohortExecutor
from hpo.executors.cohorts.memory import CohortMemory, CohortPlan
from hpo.executors.cohorts.planner import Fuse, checked_fuse

__all__ = ["CohortExecutor", "Fuse", "CohortMemory", "CohortPlan", "checked_fuse"]
