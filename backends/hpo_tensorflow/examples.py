"""Examples on a device, gathered and converted inside a graph."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from hpo.backend import Array, DType


class Examples(NamedTuple):
    """Examples and labels on a device.

    Attributes:
        x: (N, num_inputs), as they came.
        y: (N,) int32.
        scale: what each number is multiplied by, of the type that the inputs become.
    """

    x: Any
    y: Any
    scale: Any

    def take(self, indices: Any) -> tuple[Any, Any]:
        """Inputs (n, num_inputs) and labels (n,) of the examples `indices`."""
        return tf.cast(tf.gather(self.x, indices), self.scale.dtype) * self.scale, tf.gather(self.y, indices)


def place(x: Array, y: Array, dtype: DType, device: Any) -> Examples:
    """Put examples and labels on a device; images stay uint8, a quarter of the memory."""
    with tf.device(device):
        scale = tf.constant(1 / 255 if x.dtype == np.uint8 else 1, dtype)
        return Examples(tf.constant(x.reshape(len(x), -1)), tf.constant(y.astype(np.int32)), scale)
