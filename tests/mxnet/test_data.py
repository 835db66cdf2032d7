from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

import hpo_mxnet as d2l
from hpo.testing.problems import make_arrays
from hpo_mxnet.arrays import classic_arrays, numpy_arrays
from hpo_mxnet.compat import mx

Scope = Callable[[], AbstractContextManager[None]]
both_semantics = pytest.mark.parametrize("semantics", [classic_arrays, numpy_arrays])


def datasets() -> list[Any]:
    a = make_arrays(num_train=40)
    return [
        mx.gluon.data.ArrayDataset((x / 255).astype(np.float32), y.astype(np.int32))
        for x, y in ((a.train_x, a.train_y), (a.val_x, a.val_y))
    ]


def fitted(data: d2l.DataModule) -> dict[str, float]:
    trainer = d2l.Trainer(max_epochs=2, seed=0)
    trainer.fit(d2l.SoftmaxClassification(num_outputs=10, lr=0.1), data)
    return trainer.history[-1]


@both_semantics
def test_a_data_set_is_visited_in_the_library_s_order(semantics: Scope) -> None:
    a = make_arrays(num_train=40)
    with semantics():
        theirs = fitted(d2l.DataModule(*datasets(), batch_size=16))
        ours = fitted(d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16))
    assert theirs == pytest.approx(ours, abs=1e-5)


@both_semantics
def test_a_data_loader_keeps_its_own_order(semantics: Scope) -> None:
    with semantics():
        loaders = [mx.gluon.data.DataLoader(dataset, batch_size=8) for dataset in datasets()]
        data = d2l.DataModule(*loaders)
        assert len(next(iter(data.train_dataloader()))[1]) == 8
        assert fitted(data)["train_loss"] < 2.3


def test_a_loader_of_numpy_arrays_is_taken_as_well() -> None:
    class Bare(d2l.DataModule):
        def get_dataloader(self, train: bool) -> Any:
            a = make_arrays(num_train=40)
            x, y = (a.train_x, a.train_y) if train else (a.val_x, a.val_y)
            return [((x / 255).astype(np.float32), y)]

    assert fitted(Bare())["train_loss"] < 2.4


@both_semantics
def test_arrays_come_in_the_kind_that_is_in_force(semantics: Scope) -> None:
    with semantics():
        array = d2l.BACKEND.from_numpy(np.arange(3), mx.cpu())
        assert isinstance(array, mx.np.ndarray) == mx.util.is_np_array()
    assert np.array_equal(d2l.BACKEND.to_numpy(array), [0, 1, 2])


def test_large_integers_keep_all_their_digits() -> None:
    array = np.array([2**62 + 1, -(2**53) - 1])
    there = d2l.BACKEND.from_numpy(array, mx.cpu())
    assert np.array_equal(d2l.BACKEND.to_numpy(there), array)


@pytest.mark.parametrize("value", [2, 0.5, True, [1.0, 2.0]])
def test_plain_numbers_become_numpy_arrays(value: Any) -> None:
    assert np.array_equal(d2l.BACKEND.to_numpy(value), np.asarray(value))


def test_a_seed_repeats_mxnet_s_and_numpy_s_draws() -> None:
    draws = []
    for _ in range(2):
        d2l.BACKEND.seed(2**32 - 1)
        draws.append([*mx.nd.random.normal(shape=(3,)).asnumpy(), *np.random.random(3)])
    assert draws[0] == draws[1]


@pytest.mark.parametrize("last_batch", ["keep", "drop", "merge"])
def test_a_data_set_is_put_into_the_batches_of_arrays(last_batch: Any) -> None:
    a = make_arrays(num_train=40)
    pairs = (a.train_x, a.train_y), (a.val_x, a.val_y)
    theirs, ours = (
        [y.asnumpy().tolist() for _, y in d2l.DataModule(*sources, last_batch=last_batch).train_dataloader()]
        for sources in (datasets(), pairs)
    )
    assert theirs == ours


def test_a_data_loader_takes_no_choice_of_the_last_batch() -> None:
    loaders = [mx.gluon.data.DataLoader(dataset, batch_size=8) for dataset in datasets()]
    with pytest.raises(ValueError, match=r"last_batch='drop' .* DataLoader comes .*last_batch='discard'"):
        d2l.DataModule(*loaders, last_batch="drop").train_dataloader()
