"""Ours on the backend torch: configurations that train together."""

from _ours import time_cohort

time_cohort("torch")
