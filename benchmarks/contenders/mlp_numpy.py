"""Perceptrons on the backend numpy."""

from _mlp import time_mlp

time_mlp("numpy")
