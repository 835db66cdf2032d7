"""LeNet in MXNet, in the syntax of Python 3.6."""

from typing import Any

import mxnet as mx
from mxnet.gluon import nn


def lenet() -> Any:
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(6, 5, padding=2, activation="sigmoid"),
        nn.AvgPool2D(2),
        nn.Conv2D(16, 5, activation="sigmoid"),
        nn.AvgPool2D(2),
        nn.Dense(120, activation="sigmoid"),
        nn.Dense(84, activation="sigmoid"),
        nn.Dense(10),
    )
    net.initialize(mx.init.Xavier())
    net.hybridize()
    return net
