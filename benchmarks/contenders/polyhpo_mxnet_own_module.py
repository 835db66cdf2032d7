"""Ours: a user's own Gluon block in the `Trainer`, by autograd."""

from _ours import LEARNING_RATE, time_module

import hpo_mxnet as d2l
from mxnet.gluon import nn

time_module(d2l, lambda: d2l.Classification(nn.Dense(10), lr=LEARNING_RATE))
