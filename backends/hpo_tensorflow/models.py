"""The book's networks in TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from hpo import training
from hpo.backend import Convolution, DType, Layer, State
from hpo.training import FastPath
from hpo_tensorflow.module import Classification
from hpo_tensorflow.states import canonical_state, load_canonical_state


class Network(training.Network, Classification):
    """A network of `hpo.backend.models` as Keras layers, which get their weights with the first batch."""

    def assemble(self) -> None:
        """Make the layers, which get their weights with the first batch."""
        self.net = keras.Sequential(layers_of(self.plan(), self.precision))

    def build(self, input_shape: Any) -> None:
        """Draw the initial weights; Keras calls it once, with the shape of a batch."""
        # Weights that a checkpoint brought are not drawn over.
        prepared = bool(self.net.weights)
        self.net.build(input_shape)
        if not prepared and self._is_whole():
            _, *places, channels = input_shape
            load_canonical_state(self.net, self.initial_state((channels, *places)))

    def prepare_for(self, state: State) -> None:
        """Give the layers the shapes that they have in a state."""
        if self.net.weights or "layers.0.weight" not in state or not self._is_whole():
            return
        shape = training.image_shape_of(state)
        design = self.design(shape)
        channels, *places = shape
        if len(shape) == 1:
            places, channels = [], shape[0]
        current = (None, *places, channels)
        for layer in self.net.layers:
            # A perceptron flattens whatever shape its images have, which a state does not tell.
            if design.image_shape is not None or isinstance(layer, keras.layers.Dense):
                layer.build(current)
            current = layer.compute_output_shape(current)

    def fast_path(self, image_shape: Sequence[int], device: Any) -> FastPath | None:
        """What the backend needs to train it; None where its layers are not those that the library made."""
        # What layers add to the loss, such as regularizers, is unknown to the fast path.
        if not self.net.weights or self.losses or not self._is_whole():
            return None
        return FastPath(self.design(image_shape), self.precision, device)

    def _is_whole(self) -> bool:
        """Whether the layers are those that the library made."""
        net = self.net
        made = layers_of(self.plan(), self.precision)
        return type(net) is keras.Sequential and _described(net.layers) == _described(made)


class SoftmaxClassification(training.SoftmaxClassification, Network):
    """Softmax regression: one dense layer, with initial weights drawn from the seed."""


SoftmaxRegression = SoftmaxClassification
"""The published chapter's name for the same model."""


class MLP(training.BookMLP, Network):
    """A multilayer perceptron, with initial weights drawn from the seed.

    Dropout is drawn from the seed, too, the same on every framework. Where something in the model was
    replaced, it trains by its own steps and draws dropout from Keras.
    """


class LeNet(training.BookLeNet, Network):
    """LeNet-5 as the book has it, with initial weights drawn from the seed."""


def init_cnn(model: Any, seed: int | None = None) -> None:
    """Give the dense and convolutional layers of a model the book's Xavier initialisation.

    The draws come from NumPy, the same on every framework: see `hpo.training.xavier_state`.

    Args:
        model: a model or layer that was called once, so that it has its variables.
        seed: by default the current trial's.

    Raises:
        ValueError: it has no variables yet.
    """
    if not model.weights:
        raise ValueError(
            f"{type(model).__name__} has no variables yet: call it with a batch before init_cnn."
        )
    load_canonical_state(model, training.xavier_state(canonical_state(model), seed))


# Keras calls `call`, so that a subclass may have replaced this instead of `forward`.
ORIGINALS = training.Originals(SoftmaxClassification, MLP, LeNet, more=["call"])


def layers_of(plan: Sequence[Layer], dtype: DType) -> list[Any]:
    """Keras' layers, without their numbers of inputs."""
    layers: list[Any] = []
    flat = False
    for layer in plan:
        if isinstance(layer, Convolution):
            # LeNet pads a kernel of 5 by 2 on each side, which is what `same` does at stride 1.
            padding = "same" if layer.padding else "valid"
            layers += [
                keras.layers.Conv2D(
                    layer.out_channels,
                    layer.kernel_size,
                    padding=padding,
                    activation=layer.activation,
                    dtype=dtype,
                ),
                keras.layers.AveragePooling2D(layer.pool_size, dtype=dtype),
            ]
            continue
        layers += [] if flat else [keras.layers.Flatten(dtype=dtype)]
        flat = True
        layers += [keras.layers.Dense(layer.num_outputs, activation=layer.activation, dtype=dtype)]
        layers += [keras.layers.Dropout(layer.dropout, dtype=dtype)] if layer.dropout else []
    return layers


def _described(layers: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What tells layers apart, except their names and the shapes that they were built for."""
    configs = [(type(layer), layer.get_config()) for layer in layers]
    return [
        (kind, {name: value for name, value in config.items() if name not in ("name", "build_config")})
        for kind, config in configs
    ]
