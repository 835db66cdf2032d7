"""Ours on the backend mxnet: the task as `hpo run` runs it."""

from _ours import time_task

time_task("mxnet")
