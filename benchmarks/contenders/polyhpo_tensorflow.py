"""Ours on the backend tensorflow: the task as `hpo run` runs it."""

from _ours import time_task

time_task("tensorflow")
