"""Ours on the backend mxnet: configurations that train together."""

from _ours import time_cohort

time_cohort("mxnet")
