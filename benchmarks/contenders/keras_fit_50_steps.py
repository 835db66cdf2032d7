"""`keras.fit` with 50 steps in each call of its graph."""

from _keras import time_fit

time_fit(steps_per_execution=50)
