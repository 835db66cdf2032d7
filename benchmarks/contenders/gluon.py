"""A hybridised Gluon network and its Trainer, data in memory."""

from __future__ import annotations

import sys

import hpo_mxnet  # noqa: F401  # before mxnet: it makes MXNet work with today's NumPy 1
import mxnet as mx
from _clock import now
from _ours import LEARNING_RATE, report
from mxnet import autograd, gluon

from hpo.datasets import fashion_mnist

files = fashion_mnist()
train_x = mx.nd.array(files.train_images.reshape(-1, 784), dtype="float32") / 255
train_y = mx.nd.array(files.train_labels, dtype="float32")
val_x = mx.nd.array(files.test_images.reshape(-1, 784), dtype="float32") / 255
net = gluon.nn.Dense(10)
net.initialize()
net.hybridize(static_alloc=True, static_shape=True)
loss = gluon.loss.SoftmaxCrossEntropyLoss()
loss.hybridize(static_alloc=True, static_shape=True)
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": LEARNING_RATE})
seconds, error = [], 1.0
for _ in range(int(sys.argv[1])):
    started = now()
    order = mx.nd.random.shuffle(mx.nd.arange(len(train_x)))
    for first in range(0, len(train_x), 16):
        batch = order[first : first + 16]
        x, y = mx.nd.take(train_x, batch), mx.nd.take(train_y, batch)
        with autograd.record():
            batch_loss = loss(net(x), y)
        batch_loss.backward()
        trainer.step(len(y))
    error = float((net(val_x).asnumpy().argmax(1) != files.test_labels).mean())
    seconds.append(now() - started)
report(seconds, error)
