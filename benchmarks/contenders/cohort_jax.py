"""Ours on the backend jax: configurations that train together."""

from _ours import time_cohort

time_cohort("jax")
