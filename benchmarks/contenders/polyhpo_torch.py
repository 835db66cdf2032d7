"""Ours on the backend torch: the task as `hpo run` runs it."""

from _ours import time_task

time_task("torch")
