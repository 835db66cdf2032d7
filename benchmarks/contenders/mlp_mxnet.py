"""Perceptrons on the backend mxnet."""

from _mlp import time_mlp

time_mlp("mxnet")
