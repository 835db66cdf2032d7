"""Perceptrons on the backend jax."""

from _mlp import time_mlp

time_mlp("jax")
