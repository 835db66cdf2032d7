"""Ours: a user's own torch module in the `Trainer`, by autograd."""

from _ours import LEARNING_RATE, time_module
from torch import nn

import hpo_torch as d2l

time_module(
    d2l, lambda: d2l.Classification(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), lr=LEARNING_RATE)
)
