"""Examples on a device and the order in which they are visited, as programs take them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from hpo.backend import Array, DType
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo_jax.programs import put

EXAMPLES_PER_SCORE = 256
"""Examples that are scored at a time: the outputs of a convolution are many times as large as an image."""


@partial(jax.tree_util.register_dataclass, data_fields=["x", "y"], meta_fields=["dtype", "scale"])
@dataclass(frozen=True)
class Examples:
    """Examples and labels on a device.

    Attributes:
        x: (N, ...), as they came; images stay uint8, a quarter of the memory.
        y: (N,) int32; targets of the dtype of the inputs.
        dtype: what the inputs become.
        scale: what each number is multiplied by.
    """

    x: Any
    y: Any
    dtype: DType
    scale: float

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.y)

    def take(self, indices: Any) -> tuple[Any, Any]:
        """Inputs and labels of the examples `indices`."""
        x = self.x[indices].astype(self.dtype)
        return x if self.scale == 1 else x * jnp.asarray(self.scale, self.dtype), self.y[indices]

    def parts(self, size: int) -> int:
        """The number of parts of `size` examples, of which the last one may have fewer."""
        return -(-self.count // size)

    def part(self, number: Any, size: int) -> tuple[Any, Any, Any]:
        """Inputs and labels of a part, and which of these are its own: the last part is filled up."""
        indices = number * size + jnp.arange(size)
        return *self.take(jnp.minimum(indices, self.count - 1)), indices < self.count


def place(x: Array, y: Array, dtype: DType, device: Any, *, with_ones: bool = False) -> Examples:
    """Put examples and labels on a device.

    Args:
        x: (N, ...) uint8 or floating point.
        y: (N,) class indices, or targets (N, ...), floating point.
        dtype: what the inputs become.
        device: where they go.
        with_ones: flatten each example, and end it with the one that meets the bias.
    """
    white = 255 if x.dtype == np.uint8 else 1
    if with_ones:
        x = x.reshape(len(x), -1)
        x = np.concatenate([x, np.full((len(x), 1), white, x.dtype)], axis=1)
    labels = y.astype(dtype if y.dtype.kind == "f" else np.int32)
    return Examples(put(x, device), put(labels, device), dtype, 1 / white)


@partial(
    jax.tree_util.register_dataclass, data_fields=["indices", "count"], meta_fields=["num_chunks", "size"]
)
@dataclass(frozen=True)
class Order:
    """The examples of an epoch in their order, in chunks that stay in a core's cache.

    An order shorter than all examples is filled up, so that a program serves orders of any length.

    Attributes:
        indices: (num_chunks * examples in a chunk,) int32.
        count: how many of these are visited, a 0-d int32.
        num_chunks: the number of chunks.
        size: examples in a mini-batch.
    """

    indices: Any
    count: Any
    num_chunks: int
    size: int

    @property
    def per_chunk(self) -> int:
        """Examples in a chunk: whole mini-batches."""
        return int(self.indices.shape[0]) // self.num_chunks

    @property
    def chunks_in_use(self) -> Any:
        """The number of chunks with an example that is visited."""
        return -(-self.count // self.per_chunk)

    def steps_in(self, chunk: Any, each: int) -> Any:
        """The number of parts of `each` examples of a chunk with an example that is visited."""
        left = self.count - chunk * self.per_chunk
        return jnp.minimum(-(-left // each), self.per_chunk // each)

    def chunk_of(self, number: Any) -> Any:
        """The examples of a chunk."""
        return lax.dynamic_slice_in_dim(self.indices, number * self.per_chunk, self.per_chunk)

    def chunk(self, number: Any, dtype: Any) -> tuple[Any, Any]:
        """The examples of a chunk, and the weight of each in the mean over its mini-batch.

        That is one over the number of examples in the batch, and zero for what fills up.
        """
        position = number * self.per_chunk + jnp.arange(self.per_chunk, dtype=np.int32)
        in_batch = jnp.minimum(self.size, self.count - position // self.size * self.size)
        there = position < self.count
        return self.chunk_of(number), jnp.where(there, 1 / jnp.where(there, in_batch, 1).astype(dtype), 0)


def put_order(order: NDArray[np.intp], num_examples: int, size: int, at_once: int, device: Any) -> Order:
    """Put an order on a device.

    Args:
        order: the examples to visit.
        num_examples: how many there are to choose from.
        size: examples in a mini-batch.
        at_once: examples of the mini-batches that a step takes; chunks are multiples of it.
        device: where it goes.
    """
    most = max(len(order), num_examples)
    per_chunk = at_once * max(1, min(EXAMPLES_PER_CHUNK // at_once, -(-most // at_once)))
    num_chunks = -(-most // per_chunk)
    indices = np.zeros(num_chunks * per_chunk, np.int32)
    indices[: len(order)] = order
    return Order(put(indices, device), put(np.array(len(order), np.int32), device), num_chunks, size)
