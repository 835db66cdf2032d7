"""Ours: a user's own NNX module in the `Trainer`, traced once, each epoch in one program."""

from _ours import LEARNING_RATE, time_module
from flax import nnx

import hpo_jax as d2l


class Softmax(d2l.Classification):
    """Softmax regression."""

    def __init__(self) -> None:
        super().__init__(nnx.Linear(784, 10, rngs=nnx.Rngs(0)), LEARNING_RATE)

    def forward(self, x):
        """The scores of a batch."""
        return self.net(x.reshape(len(x), -1))


time_module(d2l, Softmax)
