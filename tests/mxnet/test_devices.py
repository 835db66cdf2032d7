from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hpo_mxnet as d2l
from hpo.errors import DeviceError
from hpo.testing.problems import make_arrays, make_members
from hpo_mxnet.compat import mx


def data() -> d2l.DataModule:
    a = make_arrays()
    return d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)


def network() -> Any:
    net = mx.gluon.nn.Sequential()
    net.add(mx.gluon.nn.Dense(16, activation="relu"), mx.gluon.nn.Dense(10))
    return net


@pytest.mark.parametrize("initialized", ["not at all", "deferred", "elsewhere"])
def test_a_model_and_its_batches_are_on_the_trainer_s_device(initialized: str) -> None:
    seen = set()
    net = network()
    if initialized != "not at all":
        net.initialize(ctx=mx.cpu(0))
    if initialized == "elsewhere":
        net(mx.nd.zeros((1, 36)))
    net.register_forward_pre_hook(lambda block, inputs: seen.add(inputs[0].ctx))
    trainer = d2l.Trainer(max_epochs=2, device=mx.cpu(1))
    trainer.fit(d2l.Classification(net, lr=0.1), data())
    assert trainer.history[1]["train_loss"] < trainer.history[0]["train_loss"]
    assert seen == {mx.cpu(1)}
    assert {context for p in net.collect_params().values() for context in p.list_ctx()} == {mx.cpu(1)}


def test_the_fast_path_trains_on_the_trainer_s_device() -> None:
    model, elsewhere = (d2l.SoftmaxClassification(num_outputs=10, lr=0.1) for _ in range(2))
    trainers = [d2l.Trainer(max_epochs=1, device=device) for device in (mx.cpu(0), mx.cpu(1))]
    for trainer, one in zip(trainers, (model, elsewhere), strict=True):
        trainer.fit(one, data())
    assert elsewhere.net[1].weight.list_ctx() == [mx.cpu(1)]
    assert trainers[0].history == trainers[1].history


def test_a_run_is_where_it_was_prepared() -> None:
    arrays = make_arrays()
    runs = [
        d2l.BACKEND.prepare(make_members(arrays, 0.1), arrays, dtype="float32", device=device)
        for device in (mx.cpu(0), mx.cpu(1))
    ]
    scores = [run.epoch(np.arange(96)) for run in runs]
    assert scores[0].loss == scores[1].loss


def test_a_device_s_name_is_mxnet_s() -> None:
    assert d2l.BACKEND.device("cpu:1") == mx.cpu(1)
    assert d2l.BACKEND.device("gpu:2") == mx.gpu(2)
    with pytest.raises(DeviceError, match="such as 'cpu' and 'gpu:0'; received 'cuda:0'"):
        d2l.BACKEND.device("cuda:0")
