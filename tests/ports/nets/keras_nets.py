"""LeNet and a small batch-norm net in Keras, right and with one mistake each."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def make_lenet(
    *,
    padding: str = "same",
    activation: str = "sigmoid",
    bias: bool = True,
    softmax: bool = False,
    dropout: float | None = None,
    scale: float | None = None,
    flatten: str = "CHW",
) -> Any:
    net = [
        keras.Input((28, 28, 1)),
        *([] if scale is None else [layers.Rescaling(scale)]),
        layers.Conv2D(6, 5, padding=padding, activation=activation, use_bias=bias),
        layers.AveragePooling2D(2, 2),
        layers.Conv2D(16, 5, activation=activation, use_bias=bias),
        layers.AveragePooling2D(2, 2),
        *([layers.Permute((3, 1, 2))] if flatten == "CHW" else []),
        layers.Flatten(),
        layers.Dense(120, activation=activation),
        *([] if dropout is None else [layers.Dropout(dropout)]),
        layers.Dense(84, activation=activation),
        layers.Dense(10, activation="softmax" if softmax else None),
    ]
    return keras.Sequential(net)


def lenet() -> Any:
    return make_lenet()
