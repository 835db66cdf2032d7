"""A perceptron through the port: a lean single step, and several models in one run."""

from __future__ import annotations

import sys

import numpy as np
from _clock import now
from _ours import report

from hpo.backend import registry
from hpo.datasets import fashion_mnist
from hpo.backend import MLP, SGD, Member
from hpo.training import check_arrays


def time_mlp(backend_name: str) -> None:
    """Seconds of one model's 6,000 examples in batches of 64, in a run of the second argument's size."""
    files, members = fashion_mnist(), int(sys.argv[2])
    arrays = check_arrays(
        (files.train_images, files.train_labels), (files.test_images[:100], files.test_labels[:100]), 64
    )
    model = MLP(784, 10, (256,))
    member = Member(model, SGD(0.05, momentum=0.9), model.initial_state(0))
    backend = registry.load(backend_name)
    run = backend.prepare([member] * members, arrays, dtype="float32", device=backend.device("cpu"))
    order, seconds = np.arange(6_000), []
    run.epoch(order)
    for _ in range(int(sys.argv[1])):
        began = now()
        scores = run.epoch(order)
        seconds.append((now() - began) / members)
    report(seconds, float(scores.error[0]))
