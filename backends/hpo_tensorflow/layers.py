"""The layers of `hpo.backend.models` as parts of a graph, in TensorFlow.

Weights keep the canonical layout. Images stand channels last inside, which is the only order that
TensorFlow's convolutions know on a processor; kernels are turned for it, which costs nothing beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from hpo.backend import Activation, Convolution, Model


def scores_of(model: Model, values: Mapping[str, Any], x: Any, masks: Mapping[int, Any]) -> Any:
    """The scores (n, num_outputs) of examples.

    Args:
        model: the network.
        values: its parameters by name.
        x: (n, num_inputs).
        masks: for each layer with dropout, which outputs (n, num_outputs) it keeps, as any number type;
            none where nothing is dropped.
    """
    if model.image_shape is not None:
        x = tf.transpose(tf.reshape(x, [-1, *model.image_shape]), [0, 2, 3, 1])
    for index, layer in enumerate(model.layers):
        weight, bias = (values[f"layers.{index}.{part}"] for part in ("weight", "bias"))
        if isinstance(layer, Convolution):
            x = _convolved(layer, x, weight, bias)
            continue
        if x.shape.rank == 4:
            x = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [-1, layer.num_inputs])
        x = activated(tf.matmul(x, weight) + bias, layer.activation)
        if index in masks:
            x *= tf.cast(masks[index], x.dtype) * tf.constant(1 / (1 - layer.dropout), x.dtype)
    return x


def activated(z: Any, kind: Activation | None) -> Any:
    """The activation of `z`."""
    if kind is None:
        return z
    return {"relu": tf.nn.relu, "tanh": tf.tanh, "sigmoid": tf.sigmoid}[kind](z)


def _convolved(layer: Convolution, x: Any, weight: Any, bias: Any) -> Any:
    pad = [layer.padding] * 2
    kernel = tf.transpose(weight, [2, 3, 1, 0])
    z = tf.nn.conv2d(x, kernel, 1, [[0, 0], pad, pad, [0, 0]]) + bias
    x = activated(z, layer.activation)
    return x if layer.pool_size == 1 else tf.nn.avg_pool2d(x, layer.pool_size, layer.pool_size, "VALID")
