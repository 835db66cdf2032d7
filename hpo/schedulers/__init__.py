"""Schedulers: how long each trial runs. One algorithm per file."""

from hpo.schedulers.base import Grant, Scheduler
from hpo.schedulers.fifo import FIFO
from hpo.schedulers.named import scheduler_named

__all__ = ["FIFO", "Grant", "Scheduler", "scheduler_named"]
