"""Ours on the backend tensorflow: configurations that train together."""

from _ours import time_cohort

time_cohort("tensorflow")
