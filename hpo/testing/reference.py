"""Networks for the contract suites, and what the right answers are, in plain float64 NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hpo.backend import Arrays, Member
from hpo.backend.models import MLP, Array, Convolution, Dense, LeNet, Model, Softmax, State
from hpo.backend.optimizers import SGD, Adam, AdamW, Optimizer
from hpo.randomness import dropout_mask, uniforms
from hpo.testing.problems import NUM_CLASSES, make_arrays

MODELS: dict[str, Model] = {
    "softmax": Softmax(36, NUM_CLASSES),
    "mlp": MLP(36, NUM_CLASSES, (9,)),
    "mlp-tanh": MLP(36, NUM_CLASSES, (9, 7, 8), activation="tanh"),
    "mlp-dropout": MLP(36, NUM_CLASSES, (9, 12), activation="sigmoid", dropout=(0.25, 0.5)),
    "lenet": LeNet((1, 12, 12), NUM_CLASSES),
    # Two channels, and a width that is not the height: axes that are swapped show.
    "lenet-relu": LeNet((2, 16, 19), NUM_CLASSES, activation="relu"),
    "lenet-tanh": LeNet((1, 14, 14), NUM_CLASSES, activation="tanh"),
}
OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": SGD(0.1),
    "sgd-decay": SGD(0.1, weight_decay=0.03),
    "momentum": SGD(0.05, momentum=0.9),
    "momentum-decay": SGD(0.05, momentum=0.7, weight_decay=0.03),
    "adam": Adam(0.001),
    "adam-decay": Adam(0.001, beta1=0.8, beta2=0.99, weight_decay=0.03),
    "adamw": AdamW(0.001, weight_decay=0.1),
}


def data_for(model: Model, num_train: int = 96, batch_size: int = 16) -> Arrays:
    """Images that a model takes."""
    return make_arrays(num_train, batch_size=batch_size, shape=model.image_shape or (1, 6, 6))


def members_of(model: Model, *optimizers: Optimizer, seed: int = 0) -> list[Member]:
    """Members of one shape that differ in their optimizers only, with biases that are not zero."""
    state = model.initial_state(seed)
    for name, value in state.items():
        # With biases of zero, as networks start, a layer that leaves out its bias would pass.
        if name.endswith("bias"):
            state[name] = 0.2 * uniforms(seed, "testing", name, shape=value.shape) - 0.1
    return [Member(model, optimizer, state, seed=seed) for optimizer in optimizers]


def masks_of(member: Member, step: int, size: int) -> dict[int, Array]:
    """What dropout multiplies each layer's outputs by in a step on `size` examples."""
    return {
        index: dropout_mask(
            member.seed, member.replicate, step, index, layer.dropout, (size, layer.num_outputs)
        )
        / (1 - layer.dropout)
        for index, layer in enumerate(member.model.layers)
        if isinstance(layer, Dense) and layer.dropout
    }


def network_scores(
    model: Model, state: Mapping[str, Array], x: Array, masks: Mapping[int, Array] | None = None
) -> Array:
    """The scores (examples, classes) of uint8 images."""
    shape = model.image_shape or (model.num_inputs,)
    a = x.reshape(len(x), *shape) / 255.0
    for index, layer in enumerate(model.layers):
        weight, bias = (
            np.asarray(state[f"layers.{index}.{part}"], np.float64) for part in ("weight", "bias")
        )
        if isinstance(layer, Convolution):
            a = _pooled(_activated(_convolved(a, weight, bias, layer.padding), layer.activation), layer)
        else:
            a = _activated(a.reshape(len(x), -1) @ weight + bias, layer.activation)
            a = a * (masks or {}).get(index, 1.0)
    return a


def network_loss(
    model: Model,
    state: Mapping[str, Array],
    x: Array,
    y: Array,
    masks: Mapping[int, Array] | None = None,
) -> float:
    """The mean cross-entropy of uint8 images, in nats."""
    z = network_scores(model, state, x, masks)
    highest = z.max(axis=1)
    sums = np.log(np.exp(z - highest[:, None]).sum(axis=1)) + highest
    return float((sums - z[np.arange(len(y)), y]).mean())


def slopes(
    member: Member, x: Array, y: Array, entries: Mapping[str, Sequence[int]], width: float = 1e-5
) -> dict[str, Array]:
    """The loss's derivatives by some entries of the first step's parameters, as central differences."""
    masks, found = masks_of(member, 0, len(y)), {}
    for name, indices in entries.items():
        found[name] = np.zeros(len(indices))
        for place, index in enumerate(indices):
            for sign in (1, -1):
                moved = {key: np.array(value, np.float64) for key, value in member.state.items()}
                moved[name].reshape(-1)[index] += sign * width
                loss = network_loss(member.model, moved, x, y, masks)
                found[name][place] += sign * loss / (2 * width)
    return found


def expected_step(rule: Optimizer, state: State, gradients: State) -> State:
    """What a rule makes of a state with its slots, by the formulas of `hpo.backend.optimizers`."""
    after = {name: np.array(value) for name, value in state.items()}
    for name, gradient in gradients.items():
        w, d, rate = state[name], rule.weight_decay, rule.learning_rate
        if isinstance(rule, SGD):
            v = rule.momentum * state.get(f"momentum.{name}", np.zeros_like(w)) + gradient + d * w
            after[name] = w - rate * v
            if rule.momentum:
                after[f"momentum.{name}"] = v
            continue
        t = int(state["adam.steps"]) + 1
        g = gradient if rule.decoupled else gradient + d * w
        m = rule.beta1 * state[f"adam.first.{name}"] + (1 - rule.beta1) * g
        v = rule.beta2 * state[f"adam.second.{name}"] + (1 - rule.beta2) * g**2
        corrected = (m / (1 - rule.beta1**t)) / (np.sqrt(v / (1 - rule.beta2**t)) + rule.epsilon)
        after[name] = (w - rate * d * w if rule.decoupled else w) - rate * corrected
        after[f"adam.first.{name}"], after[f"adam.second.{name}"] = m, v
        after["adam.steps"] = np.array(t)
    return after


def _convolved(x: Array, weight: Array, bias: Array, padding: int) -> Array:
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, weight.shape[2:], axis=(2, 3))
    return np.asarray(np.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None])


def _pooled(x: Array, layer: Convolution) -> Array:
    size = layer.pool_size
    height, width = x.shape[2] // size, x.shape[3] // size
    blocks = x[:, :, : height * size, : width * size].reshape(*x.shape[:2], height, size, width, size)
    return np.asarray(blocks.mean(axis=(3, 5)))


def _activated(z: Array, kind: str | None) -> Array:
    if kind is None:
        return z
    return np.asarray({"relu": z * (z > 0), "tanh": np.tanh(z), "sigmoid": 1 / (1 + np.exp(-z))}[kind])
