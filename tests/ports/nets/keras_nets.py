"""LeNet and a small batch-norm net in Keras, right and with one mistake each."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from lenet_weights import lenet_weights


def make_lenet(
    *,
    conv1: Any = None,
    bias: bool = True,
    pool: Any = None,
    activation: str = "sigmoid",
    scale: float | None = None,
    flatten: str = "CHW",
    softmax: bool = False,
    dropout: float | None = None,
    second: int = 5,
) -> Any:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *([] if scale is None else [layers.Rescaling(scale)]),
            *(conv1 or [layers.Conv2D(6, 5, padding="same", use_bias=bias)]),
            layers.Activation(activation),
            pool or layers.AveragePooling2D(2),
            layers.Conv2D(16, second, activation=activation, use_bias=bias),
            layers.AveragePooling2D(2),
            *([layers.Permute((3, 1, 2))] if flatten == "CHW" else []),
            layers.Flatten(),
            layers.Dense(120, activation=activation),
            *([] if dropout is None else [layers.Dropout(dropout)]),
            layers.Dense(84, activation=activation),
            layers.Dense(10, activation="softmax" if softmax else None),
        ]
    )


def make_norm_net(**norm: Any) -> Any:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3, strides=3),
            layers.BatchNormalization(**norm),
            layers.ReLU(),
            layers.Permute((3, 1, 2)),
            layers.Flatten(),
            layers.Dense(16),
            layers.BatchNormalization(**norm),
            layers.ReLU(),
            layers.Dense(10),
        ]
    )


def branches() -> Any:
    """Keras calls the shortcut first."""
    norm = {"epsilon": 1e-5, "momentum": 0.9}
    x = keras.Input((28, 28, 1))
    short = layers.BatchNormalization(**norm)(layers.Conv2D(6, 5, 2, use_bias=False)(x))[:, :11, :11]
    made = layers.ReLU()(layers.BatchNormalization(**norm)(layers.Conv2D(4, 3, 2, use_bias=False)(x)))
    made = layers.BatchNormalization(**norm)(layers.Conv2D(6, 3, use_bias=False)(made))
    made = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Add()([made, short])))
    return keras.Model(x, layers.Dense(10)(made))


def lenet() -> Any:
    return make_lenet()


def without_bias() -> Any:
    return make_lenet(bias=False)


def flattened_last() -> Any:
    return make_lenet(flatten="HWC")


def unpadded() -> Any:
    return make_lenet(conv1=[layers.Conv2D(6, 5)])


def even_kernel_same() -> Any:
    return make_lenet(conv1=[layers.Conv2D(6, 4, padding="same")])


def even_kernel_padded() -> Any:
    return make_lenet(conv1=[layers.ZeroPadding2D(((2, 1), (2, 1))), layers.Conv2D(6, 4)])


def strided() -> Any:
    return make_lenet(conv1=[layers.Conv2D(6, 5, strides=2, padding="same")], second=2)


def pooled_within_the_edge() -> Any:
    return make_lenet(conv1=[layers.Conv2D(6, 2)], pool=layers.AveragePooling2D(3, 2, padding="same"))


def pooled_by_maximum() -> Any:
    return make_lenet(pool=layers.MaxPooling2D(2))


def with_relu() -> Any:
    return make_lenet(activation="relu")


def scaled() -> Any:
    return make_lenet(scale=1 / 255)


def with_softmax() -> Any:
    return make_lenet(softmax=True)


def keeping_a_fifth() -> Any:
    return make_lenet(dropout=0.8)


def dropping_a_fifth() -> Any:
    return make_lenet(dropout=0.2)


def with_own_weights() -> Any:
    return _given_weights(lambda kernel: kernel.transpose(2, 3, 1, 0))


def with_reshaped_kernels() -> Any:
    """OIHW kernels reshaped to HWIO instead of transposed."""
    return _given_weights(lambda kernel: kernel.reshape(*kernel.shape[2:], kernel.shape[1], kernel.shape[0]))


def _given_weights(convert: Any) -> Any:
    net = make_lenet()
    with_weights = [layer for layer in net.layers if layer.weights]
    for layer, (weight, bias) in zip(with_weights, lenet_weights().values(), strict=True):
        layer.set_weights([np.asarray(convert(weight) if weight.ndim == 4 else weight.T), bias])
    return net


def frozen() -> Any:
    net = make_lenet()
    next(layer for layer in net.layers if layer.name.startswith("conv2d")).trainable = False
    return net


def norm_net() -> Any:
    return make_norm_net(epsilon=1e-5, momentum=0.9)


def norm_net_of_keras() -> Any:
    """What Keras gives unless told otherwise: epsilon 1e-3, momentum 0.99."""
    return make_norm_net()


def norm_net_of_mostly_new() -> Any:
    return make_norm_net(epsilon=1e-5, momentum=0.1)


def summed_loss(labels: Any, predictions: Any) -> Any:
    entropies = keras.losses.sparse_categorical_crossentropy(labels, predictions, from_logits=True)
    return keras.ops.sum(entropies)


def loss_of_one_hot_rows(labels: Any, predictions: Any) -> Any:
    return keras.losses.categorical_crossentropy(labels, predictions, from_logits=True)


def loss_of_logits(labels: Any, predictions: Any) -> Any:
    """As a program of TensorFlow 1 has it; Keras' own losses look for the logits behind a softmax."""
    chosen = keras.ops.one_hot(labels, predictions.shape[1])
    return keras.ops.mean(-keras.ops.sum(chosen * keras.ops.log_softmax(predictions), axis=1))


def loss_of_probabilities(labels: Any, predictions: Any) -> Any:
    return keras.losses.sparse_categorical_crossentropy(labels, predictions)
