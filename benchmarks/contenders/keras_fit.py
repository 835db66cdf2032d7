"""`keras.fit` with its defaults."""

from _keras import time_fit

time_fit()
