"""The book's models, and any other that is made of Keras layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hpo import training
from hpo.backend import State
from hpo_tensorflow.backend import BACKEND

CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)


class Module(training.Module, keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A Keras layer that knows its loss and its optimizer.

    A subclass sets `net` or defines `forward`, and defines `loss` and `configure_optimizers`. It is a
    layer and no `keras.Model`, which would overwrite `loss`.
    """

    backend = BACKEND
    net: Any

    def __init__(self) -> None:
        # Layers inside compute in their own dtypes; this one only passes on.
        super().__init__(autocast=False)
        self._in_training = False

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute the outputs of a batch, in the mode that `train` or `eval` set."""
        options.setdefault("training", self._in_training)
        return self.catch(super().__call__(*inputs, **options))

    def build(self, input_shape: Any) -> None:
        """Nothing: layers inside are built when they are called; Keras would try `call` beforehand."""

    def call(self, x: Any, *more: Any, training: Any = None) -> Any:
        """What Keras calls: `forward`."""
        return self.forward(x, *more)

    def forward(self, x: Any) -> Any:
        """The outputs of `net`."""
        return self.net(x)

    def train(self) -> None:
        """Set the mode for training: dropout is on, batch statistics move."""
        self._in_training = True

    def eval(self) -> None:
        """Set the mode for everything else, which is also the initial one."""
        self._in_training = False


class Fitted(training.Fitted, Module):
    """What models of a net have in common: see `hpo.training.Fitted`."""

    def configure_optimizers(self) -> Any:
        """Plain SGD with the rate `lr`."""
        return keras.optimizers.SGD(float(self.lr))


class Classification(training.Classification, Fitted):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`.

    Args:
        net: a model or layer of Keras' own to train, whose outputs are scores (logits); a subclass may
            set `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        # Keras' own data sets have uint8 labels, which the operation does not take.
        labels = tf.cast(y, tf.int64)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, y_hat))


class Regression(training.Regression, Fitted):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`.

    Args:
        net: a model of Keras' own to train, whose outputs are (examples, outputs); a subclass may set
            `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        return tf.reduce_mean(tf.square(tf.reshape(y_hat, tf.shape(y)) - tf.cast(y, y_hat.dtype)))


def canonical_state(model: Any) -> State:
    """Copies of a model's variables in the port's layout.

    Keras keeps dense kernels as (in, out), as the port does, and those of convolutions as HWIO. It flattens
    what a convolution made as height, width, channels: the rows of the dense layer behind are put in the
    port's order. Where nothing but the data are flattened, the rows are in the order of the data.
    """
    images, state = _flattened_images(model), {}
    for name, variable in _named(model):
        value = variable.numpy()
        if id(variable) in images:
            height, width, channels = images[id(variable)]
            value = value.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(len(value), -1)
        state[name] = np.array(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value, order="C")
    return state


def load_canonical_state(model: Any, state: State) -> None:
    """Replace a model's variables by those of a canonical state."""
    images = _flattened_images(model)
    for name, variable in _named(model):
        value = state[name]
        if id(variable) in images:
            height, width, channels = images[id(variable)]
            value = value.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(len(value), -1)
        variable.assign(value.transpose(2, 3, 1, 0) if value.ndim == 4 else value)


def _flattened_images(model: Any) -> dict[int, tuple[int, int, int]]:
    """For kernels of dense layers behind flattened outputs of a convolution, their height, width, channels.

    Which layer comes behind which is told by their order in the model. That is the order of computing in
    `Sequential` and functional models, and that of making in others.
    """
    found: dict[int, tuple[int, int, int]] = {}
    image: tuple[int, int, int] | None = None
    convolved = False
    for layer in _inner_layers(model):
        convolved = convolved or isinstance(layer, CONVOLUTIONS)
        if isinstance(layer, keras.layers.Flatten) and convolved:
            shape = (layer.get_build_config() or {}).get("input_shape", ())
            image = tuple(shape[1:]) if len(shape) == 4 and layer.data_format == "channels_last" else None
        elif isinstance(layer, keras.layers.Dense) and image is not None and layer.built:
            if layer.kernel.shape[0] == image[0] * image[1] * image[2]:
                found[id(layer.kernel)] = image
            image = None
    return found


def _inner_layers(layer: Any) -> Iterator[Any]:
    """The layers inside a layer, in order, each behind the one that holds it.

    Keras' own walk goes backwards through layers of layers.
    """
    for inner in layer._layers:
        yield inner
        yield from _inner_layers(inner)


def _named(model: Any) -> list[tuple[str, Any]]:
    """The variables of each layer that has any, by canonical name; random states are none."""
    named: dict[str, Any] = {}
    index, last = -1, None
    for variable in model.weights:  # layer by layer
        layer, _, name = variable.path.rpartition("/")
        name = "weight" if name == "kernel" else name
        # Keras lets layers share a name, and with it the path.
        if layer != last or f"layers.{index}.{name}" in named:
            index, last = index + 1, layer
        named[f"layers.{index}.{name}"] = variable
    return list(named.items())
