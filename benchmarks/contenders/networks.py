"""An epoch of each kind of model on a backend: `networks.py EPOCHS BACKEND`."""

from __future__ import annotations

import json
import statistics
import sys

import numpy as np
from _clock import now

from hpo.backend import MLP, SGD, LeNet, Member, Softmax, registry
from hpo.datasets import fashion_mnist
from hpo.training import check_arrays

RATES = np.geomspace(0.001, 0.1, 10)
files, backend = fashion_mnist(), registry.load(sys.argv[2])
CASES = {
    "softmax, 10 together": (Softmax(784, 10), [SGD(rate) for rate in RATES], 60_000),
    "perceptron of 256, momentum": (MLP(784, 10, (256,)), [SGD(0.05, momentum=0.9)], 60_000),
    "LeNet, 16,000 images": (LeNet((1, 28, 28), 10), [SGD(0.1)], 16_000),
}
found = {}
for name, (model, optimizers, count) in CASES.items():
    x = files.train_images[:count].reshape(-1, 1, 28, 28)
    arrays = check_arrays(
        (x, files.train_labels[:count]),
        (files.test_images.reshape(-1, 1, 28, 28), files.test_labels),
        16,
    )
    members = [Member(model, optimizer, model.initial_state(0)) for optimizer in optimizers]
    run = backend.prepare(members, arrays, dtype="float32", device=backend.device("cpu"))
    seconds = []
    for epoch in range(int(sys.argv[1]) + 1):
        order = np.random.default_rng(epoch).permutation(count)
        began = now()
        run.epoch(order)
        trained = now()
        run.validate()
        # The validation of LeNet is on as many images as it trained on, nearly: told apart.
        seconds.append((trained - began, now() - trained))
    found[name] = [statistics.median(each) for each in zip(*seconds[1:], strict=True)]
print(json.dumps(found))
