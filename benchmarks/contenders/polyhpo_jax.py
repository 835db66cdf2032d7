"""Ours on the backend jax: the task as `hpo run` runs it."""

from _ours import time_task

time_task("jax")
