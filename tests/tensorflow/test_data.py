"""Data sets of TensorFlow's and Keras' own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import hpo_tensorflow as d2l
from hpo.testing.problems import make_arrays

ARRAYS = make_arrays(num_train=40)
TRAIN, VALIDATION = (ARRAYS.train_x, ARRAYS.train_y), (ARRAYS.val_x, ARRAYS.val_y)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Batches of eight from a pair of arrays."""

    def __init__(self, pair: Any) -> None:
        super().__init__()
        self.pair = pair
        self.heard: list[str] = []

    def __len__(self) -> int:
        return -(-len(self.pair[0]) // 8)

    def __getitem__(self, index: int) -> Any:
        x, y = (part[8 * index : 8 * index + 8] for part in self.pair)
        return (x / 255).astype("float32"), y

    def on_epoch_begin(self) -> None:
        self.heard.append("begin")

    def on_epoch_end(self) -> None:
        self.heard.append("end")


def dataset(pair: Any) -> Any:
    x, y = pair
    return tf.data.Dataset.from_tensor_slices(((x / 255).astype("float32"), y.astype("uint8")))


def model() -> Any:
    keras.utils.set_random_seed(0)
    return d2l.Classification(keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)]), lr=0.1)


def history(data: Any, max_epochs: int = 2) -> list[dict[str, float]]:
    trainer = d2l.Trainer(max_epochs=max_epochs)
    trainer.fit(model(), data)
    return list(trainer.history)


def test_data_sets_of_batches_and_of_examples_are_trained_on_in_their_order() -> None:
    train, validation = dataset(TRAIN), dataset(VALIDATION)
    of_examples = history(d2l.DataModule(train, validation, batch_size=8))
    of_batches = history(d2l.DataModule(train.batch(8), validation.batch(8)))
    of_keras = history(d2l.DataModule(Batches(TRAIN), Batches(VALIDATION)))
    assert of_examples == of_batches
    for one, other in zip(of_batches, of_keras, strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    assert of_batches[1]["train_loss"] < of_batches[0]["train_loss"]


def test_each_example_of_a_long_data_set_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from hpo_tensorflow import module_run

    train, validation = dataset(TRAIN), dataset(VALIDATION)
    whole = history(d2l.DataModule(train.batch(1), validation.batch(1)), max_epochs=1)
    for most in (1, 7, 10, 40):
        monkeypatch.setattr(module_run, "MOST_BATCHES", most)
        pieces = history(d2l.DataModule(train.batch(1), validation.batch(1)), max_epochs=1)
        assert pieces[0] == pytest.approx(whole[0], abs=1e-9)


def test_a_data_set_that_shuffles_itself_gives_another_order_in_each_epoch() -> None:
    seen: list[Any] = []

    class Watching(d2l.Classification):
        def training_step(self, batch: Any) -> Any:
            tf.py_function(lambda labels: seen.append(labels.numpy().tolist()), [batch[1]], [])
            return super().training_step(batch)

    train = dataset(TRAIN).shuffle(40, seed=0).batch(40)
    net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    d2l.Trainer(max_epochs=2).fit(Watching(net, lr=0.1), d2l.DataModule(train, dataset(VALIDATION).batch(8)))
    assert sorted(seen[0]) == sorted(seen[1])
    assert seen[0] != seen[1]


def test_a_keras_data_set_hears_where_its_epochs_begin_and_end() -> None:
    train = Batches(TRAIN)
    history(d2l.DataModule(train, Batches(VALIDATION)))
    assert train.heard == ["begin", "end"] * 2


@pytest.mark.parametrize("nested", [True, False])
def test_a_model_may_have_several_inputs(nested: bool) -> None:
    class Two(d2l.Classification):
        def __init__(self) -> None:
            super().__init__(lr=0.1)
            self.one, self.other = keras.layers.Dense(10), keras.layers.Dense(10)

        def forward(self, *inputs: Any) -> Any:
            left, right = inputs[0] if nested else inputs
            return self.one(left) + self.other(right)

    x = np.linspace(0, 1, 40, dtype="float32")[:, None]
    parts = ((x, 1 - x), TRAIN[1]) if nested else (x, 1 - x, TRAIN[1])
    train = tf.data.Dataset.from_tensor_slices(parts).batch(8)
    trainer = d2l.Trainer(max_epochs=2)
    trainer.fit(Two(), d2l.DataModule(train, train))
    assert trainer.history[1]["train_loss"] < trainer.history[0]["train_loss"]


def test_a_data_set_that_never_ends_is_refused() -> None:
    class Endless(Batches):
        num_batches = None

    with pytest.raises(ValueError, match=r"never ends.*leave \.repeat\(\) out"):
        history(d2l.DataModule(dataset(TRAIN).batch(8).repeat(), dataset(VALIDATION).batch(8)))
    with pytest.raises(ValueError, match=r"Endless never ends.*let its num_batches be a number"):
        history(d2l.DataModule(Endless(TRAIN), Batches(VALIDATION)))


@pytest.mark.parametrize("source", [Batches(TRAIN), dataset(TRAIN), dataset(TRAIN).batch(8)])
def test_a_data_set_with_an_order_of_its_own_takes_no_choice_of_the_last_batch(source: Any) -> None:
    data = d2l.DataModule(source, dataset(VALIDATION), last_batch="merge")
    with pytest.raises(ValueError, match=r"last_batch='merge' .* Use dataset\.batch\(.*drop_remainder=True"):
        data.train_dataloader()
    assert next(iter(data.val_dataloader())) is not None
