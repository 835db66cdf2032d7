from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpo.backend.models import MLP, Dense, LeNet, Softmax
from hpo.backend.optimizers import SGD, Adam, AdamW


def test_a_perceptron_has_a_dense_layer_for_each_width_and_one_of_scores() -> None:
    model = MLP(36, 10, [np.int64(8), 4], "tanh", dropout=(0.25, 0.0))  # type: ignore[arg-type]  # a list, with one of NumPy
    assert model.layers == (Dense(36, 8, "tanh", 0.25), Dense(8, 4, "tanh"), Dense(4, 10))
    assert model == MLP(36, 10, (8, 4), "tanh", dropout=(0.25, 0))
    assert hash(model) == hash(MLP(36, 10, (8, 4), "tanh", dropout=(0.25, 0)))


def test_lenet_is_the_book_s() -> None:
    shapes = [layer.shape for layer in LeNet().layers]
    assert shapes == [(6, 1, 5, 5), (16, 6, 5, 5), (400, 120), (120, 84), (84, 10)]
    assert LeNet((3, 32, 32)).num_inputs == 3072


@pytest.mark.parametrize("model", [Softmax(36, 10), MLP(36, 10, (8,)), LeNet((1, 12, 12))])
def test_initial_weights_depend_on_the_seed_and_the_replicate(model: Any) -> None:
    one, same = model.initial_state(0), model.initial_state(0)
    for other in (model.initial_state(1), model.initial_state(0, replicate=1)):
        assert all(np.array_equal(one[name], same[name]) for name in one)
        assert not np.array_equal(one["layers.0.weight"], other["layers.0.weight"])


def test_initial_weights_lie_within_glorot_s_bounds() -> None:
    state = LeNet().initial_state(0)
    bound = (6 / (6 * 25 + 16 * 25)) ** 0.5
    assert 0.99 * bound < np.abs(state["layers.1.weight"]).max() <= bound
    assert not state["layers.1.bias"].any()


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"hidden": (8, 0)}, ValueError, "each of hidden is an integer of at least 1; received 0"),
        ({"hidden": (8.5,)}, TypeError, "each of hidden is an integer of at least 1; received 8.5"),
        ({"activation": "elu"}, ValueError, "activation must be one of relu, tanh, sigmoid; received 'elu'"),
        ({"dropout": 1}, ValueError, r"dropout is a share in \[0, 1\).*received 1"),
        ({"dropout": (0.5, 0.5)}, ValueError, r"for each of the 1 hidden layers; received \(0.5, 0.5\)"),
    ],
)
def test_a_perceptron_that_cannot_be_is_refused(
    options: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        MLP(36, 10, **options)


@pytest.mark.parametrize("shape", [(1, 11, 28), (28, 28), (1, 1, 28, 28)])
def test_images_that_lenet_cannot_take_are_refused(shape: Any) -> None:
    with pytest.raises(ValueError, match=r"at least 12 high and wide; received image_shape=\("):
        LeNet(shape)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SGD(-0.1), "learning_rate of SGD must be a finite number of at least 0; received -0.1"),
        (lambda: SGD(float("nan")), "learning_rate of SGD must be a finite number.*received nan"),
        (lambda: SGD(0.1, momentum=1), r"momentum of SGD must lie in \[0, 1\); received 1"),
        (lambda: Adam(beta2=1.5), r"beta2 of Adam must lie in \[0, 1\); received 1.5"),
        (lambda: AdamW(weight_decay=-1), "weight_decay of AdamW must be a finite number.*received -1"),
    ],
)
def test_an_optimizer_that_cannot_be_is_refused(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()


def test_an_optimizer_keeps_no_more_than_it_needs() -> None:
    assert SGD(0.1).slots == ()
    assert SGD(0.1, momentum=0.5).slots == ("momentum",)
    assert Adam().slots == ("adam.first", "adam.second")
    assert Adam().counts == ("adam.steps",)
