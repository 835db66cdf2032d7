"""Perceptrons on the backend torch."""

from _mlp import time_mlp

time_mlp("torch")
