"""Perceptrons on the backend tensorflow."""

from _mlp import time_mlp

time_mlp("tensorflow")
