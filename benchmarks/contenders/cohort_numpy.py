"""Ours on the backend numpy: configurations that train together."""

from _ours import time_cohort

time_cohort("numpy")
