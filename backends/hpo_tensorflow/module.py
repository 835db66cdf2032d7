"""The book's models, and any other that is made of Keras layers."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from hpo import training
from hpo_tensorflow.backend import BACKEND


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
        """Does nothing: inner layers are built in their first call; Keras would try `call` before that."""

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
