"""Small problems for the contract suites, and what the right answers are, in plain float64 NumPy."""

from __future__ import annotations

import numpy as np

from hpo.backend import SGD, Array, Arrays, Member, Softmax, State
from hpo.randomness import uniforms

NUM_CLASSES = 10
RATES = (1e-4, 0.01, 0.16, 1.0)


def make_arrays(
    num_train: int = 96, num_val: int = 50, batch_size: int = 16, shape: tuple[int, ...] = (1, 6, 6)
) -> Arrays:
    """Images with a class-dependent pattern under noise, uint8, so that a model can learn something."""
    count = num_train + num_val
    labels = np.arange(count) % NUM_CLASSES
    patterns = uniforms(0, "patterns", shape=(NUM_CLASSES, *shape))
    noise = uniforms(0, "noise", shape=(count, *shape))
    images = (255 * (0.6 * patterns[labels] + 0.4 * noise)).astype(np.uint8)
    return Arrays(images[:num_train], labels[:num_train], images[num_train:], labels[num_train:], batch_size)


def make_members(data: Arrays, *rates: float) -> list[Member]:
    """Softmax regressions that differ in their learning rates only."""
    model = Softmax(data.num_inputs, NUM_CLASSES)
    return [Member(model, SGD(rate), model.initial_state(seed=0)) for rate in rates]


def one_step(state: State, x: Array, y: Array, learning_rate: float) -> State:
    """One step of gradient descent on the mean cross-entropy of a batch of uint8 images, in float64."""
    inputs = x.reshape(len(x), -1) / 255.0
    gradient = softmax(scores(state, x))
    gradient[np.arange(len(y)), y] -= 1
    gradient /= len(y)
    return {
        "layers.0.weight": state["layers.0.weight"] - learning_rate * inputs.T @ gradient,
        "layers.0.bias": state["layers.0.bias"] - learning_rate * gradient.sum(axis=0),
    }


def scores(state: State, x: Array) -> Array:
    """The scores (examples, classes) of uint8 images, in float64."""
    inputs = x.reshape(len(x), -1) / 255.0
    return np.asarray(inputs @ state["layers.0.weight"] + state["layers.0.bias"])


def softmax(z: Array) -> Array:
    """The softmax of each row."""
    exponentials = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def error_and_loss(state: State, x: Array, y: Array) -> tuple[float, float]:
    """The share of images classified wrongly, and their mean cross-entropy."""
    z = scores(state, x)
    loss = -np.log(softmax(z)[np.arange(len(y)), y])
    return float((z.argmax(axis=1) != y).mean()), float(loss.mean())


def largest_difference(one: State, other: State) -> float:
    """The largest absolute difference between two states of the same names and shapes."""
    assert one.keys() == other.keys(), (one.keys(), other.keys())
    return max(float(np.abs(np.asarray(one[name], np.float64) - other[name]).max()) for name in one)
