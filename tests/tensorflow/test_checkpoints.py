from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from hpo.checkpoints import Attachments, CheckpointFolder, capture, restore
from hpo.errors import CheckpointError
from hpo.testing.checkpoints import same

X = np.linspace(0, 1, 12, dtype="float32").reshape(4, 3)


def through_a_file(tree: Any, folder: Path) -> Any:
    checkpoint = CheckpointFolder(folder).checkpoint(0, 0, 1)
    CheckpointFolder(folder).save(checkpoint, {"it": tree}, {})
    return checkpoint.load()[0]["it"]


def sequential() -> Any:
    return keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)])


def functional() -> Any:
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dense(4)(inputs)))


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adagrad"])
def test_an_optimizer_makes_its_slots_and_goes_on_inside_a_graph(kind: str, tmp_path: Path) -> None:
    def made() -> tuple[Any, Any, Any]:
        model, optimizer = functional(), getattr(keras.optimizers, kind)(0.1)

        @tf.function  # type: ignore[untyped-decorator]  # TensorFlow's
        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(X) ** 2)
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)

        return model, optimizer, step

    (one, first, advance), (other, second, advance_too) = made(), made()
    advance()
    first.learning_rate = 0.03
    restore(other, through_a_file(capture(one), tmp_path))
    restore(second, through_a_file(capture(first), tmp_path))
    for go_on in (advance, advance_too):
        go_on()
        go_on()
    assert same(capture(one), capture(other))
    assert same(capture(first), capture(second))
    assert float(second.learning_rate) == pytest.approx(0.03)


def test_a_generator_goes_on() -> None:
    one, other = tf.random.Generator.from_seed(1), tf.random.Generator.from_seed(2)
    one.normal([3])
    restore(other, capture(one))
    assert np.array_equal(one.normal([3]), other.normal([3]))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_a_variable_is_kept_in_place(dtype: str, tmp_path: Path) -> None:
    one, other = tf.Variable([1, -3], dtype=dtype), tf.Variable([0, 0], dtype=dtype)
    restore(other, through_a_file(capture(one), tmp_path))
    assert [float(number) for number in other.numpy()] == [1, -3]
    with pytest.raises(
        CheckpointError, match=rf"shape \(2,\) and dtype {dtype} here; the one to restore is of"
    ):
        restore(tf.Variable([0] * 3, dtype=dtype), capture(one))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float8_e5m2", "int64"])
def test_a_tensor_in_a_dict_is_replaced(dtype: str, tmp_path: Path) -> None:
    kind = tf.as_dtype(dtype).as_numpy_dtype

    def made(*numbers: int) -> dict[str, Any]:
        return {"best": [tf.constant(np.array(numbers, kind))], "weights": tf.Variable(numbers), "wait": 1}

    kept, there = made(1, -3), made(0, 0)
    weights = there["weights"]
    tree = through_a_file(capture(kept), tmp_path)
    restore(there, tree)
    assert there["weights"] is weights
    assert there["best"][0].dtype == dtype
    assert same(capture(there), tree)
    with pytest.raises(CheckpointError, match=r"shape \(2,\) and dtype .* the shape \(3,\) .*at best\.0\."):
        restore(made(0, 0, 0), tree)


def test_a_tensor_by_itself_is_refused_with_the_dict_to_put_it_in() -> None:
    with pytest.raises(
        CheckpointError, match=r"EagerTensor, which cannot be changed\. Put it in a dict.*{'best': \.\.\.}"
    ):
        Attachments().attach({"best": tf.zeros(2)})


def test_a_tensor_of_a_graph_is_refused_with_the_mend() -> None:
    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow's
    def traced(x: Any) -> Any:
        with pytest.raises(
            CheckpointError, match=r"A tensor of a graph has no numbers .* outside of tf\.fun"
        ):
            Attachments().attach({"state": {"x": x}})
        return x

    traced(tf.zeros(2))


def test_a_module_is_kept_with_the_layers_inside_it(tmp_path: Path) -> None:
    class Both(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable(tf.random.normal([]))
            self.net = sequential()
            self.net(X)

    one, other = Both(), Both()
    restore(other, through_a_file(capture(one), tmp_path))
    assert float(other.scale) == float(one.scale)
    assert np.array_equal(other.net(X), one.net(X))


def test_an_object_of_tensorflow_s_without_variables_is_refused() -> None:
    with pytest.raises(
        CheckpointError, match=r"Of TensorFlow's objects a checkpoint keeps .* received a Dim"
    ):
        capture(tf.TensorShape([3]).dims[0])
