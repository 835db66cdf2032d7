from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo_mxnet  # noqa: F401  # before MXNet
from hpo.checkpoints import CheckpointFolder, capture, load_into, model_arrays, restore
from hpo.errors import CheckpointError
from hpo.testing.checkpoints import same
from hpo_mxnet.arrays import numpy_arrays
from hpo_mxnet.compat import mx

nn = mx.gluon.nn


def through_a_file(tree: Any, folder: Path) -> Any:
    checkpoint = CheckpointFolder(folder).checkpoint(0, 0, 1)
    CheckpointFolder(folder).save(checkpoint, {"it": tree}, {})
    return checkpoint.load()[0]["it"]


def network(depth: int = 12) -> Any:
    net = nn.HybridSequential()
    for _ in range(depth):
        net.add(nn.Dense(3))
    net.initialize(mx.init.Normal(0.5))
    return net


def step(net: Any, trainer: Any) -> None:
    with mx.autograd.record():
        loss = (net(mx.nd.array([[1, 2, 3], [3, 2, 1]])) ** 2).mean()
    loss.backward()
    trainer.step(1)


@pytest.mark.parametrize("kind", ["sgd", "nag", "adam", "rmsprop", "adagrad", "nadam", "ftml"])
def test_a_trainer_goes_on_though_gluon_has_counted_its_blocks_further(kind: str, tmp_path: Path) -> None:
    def made(depth: int) -> tuple[Any, Any]:
        net = network(depth)
        momentum = {"momentum": 0.9} if kind in ("sgd", "nag") else {}
        return net, mx.gluon.Trainer(net.collect_params(), kind, {"learning_rate": 0.01, **momentum})

    (one, first), (other, second) = made(12), made(12)
    step(one, first)
    first.set_learning_rate(0.003)
    restore(other, through_a_file(capture(one), tmp_path))
    restore(second, through_a_file(capture(first), tmp_path))
    assert second.learning_rate == 0.003
    for net, trainer in ((one, first), (other, second)):
        step(net, trainer)
        step(net, trainer)
    assert same(capture(one), capture(other))
    assert same(capture(first), capture(second))


def test_a_block_whose_shapes_are_not_known_takes_them_from_the_checkpoint(tmp_path: Path) -> None:
    one, others = network(2), [network(2), nn.HybridSequential()]
    others[1].add(nn.Dense(3), nn.Dense(3))  # not initialised either
    x = mx.nd.array([[1, 2, 3]])
    expected = one(x).asnumpy()
    for other in others:
        load_into(other, {"model": through_a_file(capture(one), tmp_path)})
        assert np.array_equal(other(x).asnumpy(), expected)


def test_a_block_s_arrays_have_gluon_s_structural_names() -> None:
    net = network(1)
    net(mx.nd.zeros((1, 3)))
    assert list(model_arrays({"model": capture(net)})) == ["0.weight", "0.bias"]


def test_a_block_with_numpy_semantics_is_kept() -> None:
    with numpy_arrays():
        one, other = network(1), network(1)
        x = mx.np.ones((1, 3))
        expected = one(x).asnumpy()
        restore(other, capture(one))
        assert np.array_equal(other(x).asnumpy(), expected)
        assert isinstance(other[0].weight.data(), mx.np.ndarray)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
@pytest.mark.parametrize("module", ["nd", "np"])
def test_an_array_is_kept_in_place(module: str, dtype: str, tmp_path: Path) -> None:
    with numpy_arrays():
        one, other = (getattr(mx, module).array([1, number], dtype=dtype) for number in (2, 3))
    restore(other, through_a_file(capture(one), tmp_path))
    assert other.asnumpy().tolist() == [1, 2]
    assert other.asnumpy().dtype == dtype


def test_a_block_without_numbers_is_refused_with_what_to_do() -> None:
    with pytest.raises(
        CheckpointError, match=r"parameter dense\d+_weight has no numbers yet: call the model once"
    ):
        capture(nn.Dense(3))


def test_an_optimizer_of_another_kind_or_size_is_refused() -> None:
    def trainer(kind: str, depth: int) -> Any:
        return mx.gluon.Trainer(network(depth).collect_params(), kind)

    state = capture(trainer("adam", 2))
    for other, text in (("sgd", "received SGD of 4"), ("adam", "received Adam of 6")):
        with pytest.raises(CheckpointError, match=f"is of an optimizer Adam of 4 parameters; {text}"):
            restore(trainer(other, 2 if other == "sgd" else 3), state)


def test_a_trainer_of_two_devices_is_refused() -> None:
    net = nn.Dense(3, in_units=2)
    net.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    with pytest.raises(
        CheckpointError, match=r"of one device .* this one has 2 devices or updates on its kvstore"
    ):
        capture(mx.gluon.Trainer(net.collect_params(), "sgd"))


def test_an_object_of_mxnet_s_without_a_state_is_refused() -> None:
    with pytest.raises(CheckpointError, match=r"Of MXNet's objects a checkpoint keeps .*; received a Xavier"):
        capture(mx.init.Xavier())
