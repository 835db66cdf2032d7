"""Ours on the backend numpy: the task as `hpo run` runs it."""

from _ours import time_task

time_task("numpy")
