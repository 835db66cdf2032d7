"""Keras' objects in a checkpoint, on the engine that KERAS_BACKEND names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from hpo.backend import CANONICAL, registry
from hpo.checkpoints import CheckpointFolder, capture, load_into, model_arrays, restore
from hpo.checkpoints.keras_layout import canonical_state, variable_array
from hpo.errors import CheckpointError
from hpo.testing.checkpoints import same

# Keras on torch calls np.array(tensor) itself, of which NumPy 2.4 warns.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)

X = np.linspace(0, 1, 12, dtype="float32").reshape(4, 3)


def through_a_file(tree: Any, folder: Path) -> Any:
    checkpoint = CheckpointFolder(folder).checkpoint(0, 0, 1)
    CheckpointFolder(folder).save(checkpoint, {"it": tree}, {})
    return checkpoint.load()[0]["it"]


def equal(one: Any, other: Any) -> bool:
    return np.array_equal(variable_array(one), variable_array(other))


class Subclassed(keras.Model):  # type: ignore[misc]  # Keras has no types
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.last = keras.layers.Dense(4), keras.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.last(self.hidden(x))


def sequential() -> Any:
    return keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)])


def functional() -> Any:
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dense(4)(inputs)))


@pytest.mark.parametrize("make", [Subclassed, sequential, functional])
def test_a_model_of_any_kind_comes_back_before_it_was_called(make: Any, tmp_path: Path) -> None:
    one, other = make(), make()
    expected = one(X)
    load_into(other, {"model": through_a_file(capture(one), tmp_path)})
    assert equal(other(X), expected)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adagrad"])
def test_an_optimizer_makes_its_slots_and_goes_on(kind: str, tmp_path: Path) -> None:
    def step(model: Any, optimizer: Any) -> None:
        variables = model.trainable_variables
        optimizer.apply([keras.ops.ones(variable.shape) for variable in variables], variables)

    def made() -> tuple[Any, Any]:
        return functional(), getattr(keras.optimizers, kind)(0.1)

    (one, first), (other, second) = made(), made()
    step(one, first)
    first.learning_rate = 0.03
    restore(other, through_a_file(capture(one), tmp_path))
    restore(second, through_a_file(capture(first), tmp_path))
    for model, optimizer in ((one, first), (other, second)):
        step(model, optimizer)
        step(model, optimizer)
    assert same(capture(one), capture(other))
    assert same(capture(first), capture(second))
    assert float(second.learning_rate) == pytest.approx(0.03)


def test_dropout_draws_what_it_would_have_drawn() -> None:
    one, other = keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)
    for _ in range(3):
        one(X, training=True)
    restore(other, capture(one))
    drawn = []
    for layer in (one, other):
        # On torch it draws from torch's generator, and a study seeds that for each epoch.
        registry.get().seed(3)
        drawn.append(layer(X, training=True))
    assert equal(*drawn)


def test_running_statistics_are_kept() -> None:
    one, other = keras.layers.BatchNormalization(), keras.layers.BatchNormalization()
    one(X, training=True)
    restore(other, capture(one))
    assert equal(one(X), other(X))


def test_a_generator_goes_on() -> None:
    one, other = keras.random.SeedGenerator(1), keras.random.SeedGenerator(2)
    keras.random.normal([3], seed=one)
    restore(other, capture(one))
    assert equal(keras.random.normal([3], seed=one), keras.random.normal([3], seed=other))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float8_e4m3fn", "int32", "bool"])
def test_a_variable_is_kept_in_place(dtype: str, tmp_path: Path) -> None:
    def made(numbers: list[int]) -> Any:
        return keras.Variable(np.array(numbers, "float32"), dtype=dtype, trainable=False)

    one, other = made([1, 0, 1]), made([0, 1, 1])
    restore(other, through_a_file(capture(one), tmp_path))
    assert keras.backend.standardize_dtype(other.dtype) == dtype
    assert variable_array(keras.ops.cast(other, "float32")).tolist() == [1, 0, 1]
    with pytest.raises(
        CheckpointError, match=rf"shape \(3,\) and dtype {dtype} here; the one to restore is of"
    ):
        restore(made([0] * 4), capture(one))


def test_what_was_captured_does_not_change_with_the_variable() -> None:
    variable = keras.Variable([1.0, 2.0])
    state = capture(variable)
    variable.assign([3.0, 4.0])
    assert state.tolist() == [1, 2]


def test_layers_that_share_a_name_are_told_apart() -> None:
    nested = [keras.Sequential([keras.layers.Dense(2, name="same")], name="part") for _ in range(2)]
    model = Holder(nested)
    model(X)
    assert len(model_arrays({"model": capture(model)})) == 4


class Holder(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    def __init__(self, parts: Any) -> None:
        super().__init__()
        self.parts = parts

    def call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


def test_a_metric_is_kept() -> None:
    one, other = keras.metrics.Mean(), keras.metrics.Mean()
    one.update_state([1.0, 3.0])
    restore(other, capture(one))
    assert float(other.result()) == 2


def test_what_compile_adds_is_no_part_of_the_model() -> None:
    one, other = functional(), functional()
    one.compile("sgd", "mse", metrics=["mae"])
    one.fit(X, np.zeros((4, 2), "float32"), verbose=0)
    restore(other, capture(one))
    assert equal(other(X), one(X))


def convolutional(image_shape: tuple[int, ...] = (4, 4, 1)) -> Any:
    layers = [
        keras.Input(image_shape),
        keras.layers.Conv2D(3, 2, data_format="channels_last"),
        keras.layers.Flatten(data_format="channels_last"),
        keras.layers.Dense(2),
    ]
    return keras.Sequential(layers)


def test_a_model_takes_what_a_trainer_of_any_backend_keeps() -> None:
    one, other = convolutional(), convolutional()
    state = canonical_state(one)
    assert {name: array.shape for name, array in state.items()} == {
        "layers.0.weight": (3, 1, 2, 2),
        "layers.0.bias": (3,),
        "layers.1.weight": (27, 2),
        "layers.1.bias": (2,),
    }
    load_into(other, {"trainer": {"model": {CANONICAL: state}}})
    images = np.linspace(-1, 1, 32, dtype="float32").reshape(2, 4, 4, 1)
    assert equal(other(images), one(images))


def test_a_trainer_s_model_of_other_shapes_is_refused() -> None:
    state = canonical_state(convolutional((4, 4, 2)))
    with pytest.raises(
        CheckpointError,
        match=r"than this Sequential: layers\.0\.weight is \(3, 2, 2, 2\) in the checkpoint and \(3, 1",
    ):
        load_into(convolutional(), {"trainer": {"model": {CANONICAL: state}}})


def test_a_model_of_other_shapes_is_refused() -> None:
    one = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    with pytest.raises(
        CheckpointError, match=r"another model than this Functional: the checkpoint lacks kernel"
    ):
        restore(functional(), capture(one))


@pytest.mark.parametrize("make", [functional, keras.optimizers.SGD, keras.metrics.Mean])
def test_the_state_of_something_else_is_refused(make: Any) -> None:
    with pytest.raises(CheckpointError, match=r"the state of something else here than of a (Func|SGD|Mean)"):
        restore(make(), capture({"best": 0.5}))


def test_an_object_without_variables_is_refused() -> None:
    with pytest.raises(CheckpointError, match=r"Of Keras' objects a checkpoint keeps .* received a MeanSq"):
        capture(keras.losses.MeanSquaredError())
