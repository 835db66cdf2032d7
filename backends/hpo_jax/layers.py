"""The layers of `hpo.backend.models` as parts of a program, in JAX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from hpo.backend import Activation, Convolution, Model


def scores_of(
    model: Model, values: Mapping[str, Any], x: Any, masks: Mapping[int, Any], *, on_processor: bool
) -> Any:
    """The scores (n, num_outputs) of examples.

    Args:
        model: the network.
        values: its parameters by name.
        x: (n, num_inputs).
        masks: for each layer with dropout, which outputs (n, num_outputs) it keeps; none where nothing is
            dropped.
        on_processor: whether it is computed there, where convolutions are quicker as one matrix product.
    """
    if model.image_shape is not None:
        x = x.reshape(-1, *model.image_shape)
        # Channels first of all: each row of the matrix of windows then lies in one piece.
        x = x.transpose(1, 0, 2, 3) if on_processor else x
    for index, layer in enumerate(model.layers):
        weight, bias = (values[f"layers.{index}.{part}"] for part in ("weight", "bias"))
        if isinstance(layer, Convolution):
            convolved = _windows_product if on_processor else _convolution
            x = _pooled(activated(convolved(layer, x, weight, bias), layer.activation), layer.pool_size)
            continue
        if x.ndim == 4:
            x = x.transpose(1, 0, 2, 3) if on_processor else x
            x = x.reshape(-1, layer.num_inputs)
        x = activated(x @ weight + bias, layer.activation)
        if index in masks:
            x *= masks[index].astype(x.dtype) * jnp.asarray(1 / (1 - layer.dropout), x.dtype)
    return x


def activated(z: Any, kind: Activation | None) -> Any:
    """The activation of `z`."""
    if kind is None:
        return z
    return {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[kind](z)


def _windows_product(layer: Convolution, x: Any, weight: Any, bias: Any) -> Any:
    """A convolution of maps (channels, n, height, width), three times as fast as XLA's on a processor."""
    pad, size = layer.padding, layer.kernel_size
    x = jnp.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))) if pad else x
    channels, n, height, width = x.shape[0], x.shape[1], x.shape[2] - size + 1, x.shape[3] - size + 1
    # First rows and then columns: fewer pieces, which are compiled and copied in less time.
    rows = jnp.stack([x[:, :, first : first + height] for first in range(size)], axis=1)
    windows = jnp.stack([rows[..., first : first + width] for first in range(size)], axis=2)
    columns = windows.reshape(channels * size * size, -1)
    z = weight.reshape(len(weight), -1) @ columns + bias[:, None]
    return z.reshape(-1, n, height, width)


def _convolution(layer: Convolution, x: Any, weight: Any, bias: Any) -> Any:
    """A convolution of maps (n, channels, height, width)."""
    pad = [(layer.padding, layer.padding)] * 2
    z = lax.conv_general_dilated(x, weight, (1, 1), pad, dimension_numbers=("NCHW", "OIHW", "NCHW"))
    return z + bias[:, None, None]


def _pooled(x: Any, size: int) -> Any:
    """Means over windows of `size` by `size` of the last two axes."""
    if size == 1:
        return x
    height, width = x.shape[2] // size, x.shape[3] // size
    x = x[:, :, : height * size, : width * size]
    return x.reshape(*x.shape[:2], height, size, width, size).mean((3, 5))
