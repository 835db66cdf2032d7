"""The jitted NNX and Optax loop that Flax' documentation shows, data in memory, a call for each step."""

from __future__ import annotations

import sys

import numpy as np
import optax
from _clock import now
from _ours import LEARNING_RATE, report
from flax import nnx

from hpo.datasets import fashion_mnist

files = fashion_mnist()
train_x = files.train_images.reshape(-1, 784).astype(np.float32) / 255
train_y = files.train_labels.astype(np.int32)
val_x = files.test_images.reshape(-1, 784).astype(np.float32) / 255
model = nnx.Linear(784, 10, rngs=nnx.Rngs(0))
optimizer = nnx.Optimizer(model, optax.sgd(LEARNING_RATE), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, x, y):
    """One step."""

    def loss(model):
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    value, gradients = nnx.value_and_grad(loss)(model)
    optimizer.update(model, gradients)
    return value


seconds, error = [], 1.0
for epoch in range(int(sys.argv[1])):
    started = now()
    order = np.random.default_rng(epoch).permutation(len(train_x))
    for first in range(0, len(train_x), 16):
        batch = order[first : first + 16]
        train_step(model, optimizer, train_x[batch], train_y[batch])
    error = float((np.asarray(model(val_x)).argmax(1) != files.test_labels).mean())
    seconds.append(now() - started)
report(seconds, error)
