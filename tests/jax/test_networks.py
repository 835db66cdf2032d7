"""Networks that train together, as they do on an accelerator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpo.backend import MLP, SGD, Adam, LeNet, Member, Model
from hpo.testing.problems import largest_difference, make_arrays
from hpo_jax.backend import BACKEND
from hpo_jax.examples import place
from hpo_jax.network import NetworkRun

ORDER = np.arange(60)


def run(members: list[Member], data: Any, dtype: Any) -> NetworkRun:
    device = BACKEND.device("cpu")
    train, validation = (
        place(x.reshape(len(x), -1), y, dtype, device)
        for x, y in ((data.train_x, data.train_y), (data.val_x, data.val_y))
    )
    return NetworkRun(members, train, validation, data.batch_size, dtype, device)


@pytest.mark.parametrize(
    ("model", "optimizers"),
    [
        (MLP(144, 10, (9,), dropout=0.4), [SGD(0.1), SGD(0.2, momentum=0.9), SGD(0.05, weight_decay=0.1)]),
        (MLP(144, 10, (9, 8)), [Adam(0.01), Adam(0.002, beta1=0.5), Adam(0.1, weight_decay=0.1)]),
        (LeNet((1, 12, 12), 10), [SGD(0.1), SGD(0.5, momentum=0.5), SGD(1.0)]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_networks_train_together_as_each_alone(model: Model, optimizers: list[Any], dtype: Any) -> None:
    data = make_arrays(shape=(1, 12, 12), num_train=60)
    members = [
        Member(model, optimizer, model.initial_state(seed), seed=seed)
        for seed, optimizer in enumerate(optimizers)
    ]
    together, alone = run(members, data, dtype), [run([member], data, dtype) for member in members]
    tolerance = 1e-5 if dtype == "float32" else 1e-11
    for _ in range(2):
        scores, each = together.epoch(ORDER), [one.epoch(ORDER) for one in alone]
        assert scores.loss == pytest.approx([one.loss[0] for one in each], abs=tolerance)
    assert together.validate().error.tolist() == [one.validate().error[0] for one in alone]
    for state, one in zip(together.state(), alone, strict=True):
        assert largest_difference(state, one.state()[0]) < tolerance
    together.drop(1)
    together.epoch(ORDER)
    alone[2].epoch(ORDER)
    assert largest_difference(together.state()[1], alone[2].state()[0]) < tolerance
