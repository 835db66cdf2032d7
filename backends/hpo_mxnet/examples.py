"""Examples on a device, in chunks that stay in a core's cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hpo.backend import Array, DType
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo_mxnet.compat import mx
from hpo_mxnet.graphs import Graph


class Examples:
    """Examples and labels on a device, gathered and converted many at a time.

    Args:
        x: (N, ...) uint8 or floating point.
        y: (N,) class indices.
        dtype: what the inputs become.
        device: where they are.
        multiple: the number of examples in a chunk is a multiple of this, except in the last one.
    """

    def __init__(self, x: Array, y: Array, dtype: DType, device: Any, *, multiple: int = 1) -> None:
        # The images stay uint8, a quarter of the memory, and are converted chunk by chunk.
        flat = np.ascontiguousarray(x.reshape(len(x), -1))
        self._x = mx.nd.array(flat, ctx=device, dtype=x.dtype)
        self._y = mx.nd.array(y.astype(np.int32), ctx=device, dtype=np.int32)
        self._device, self._per_chunk = device, max(1, EXAMPLES_PER_CHUNK // multiple) * multiple
        chosen = mx.sym.take(mx.sym.Variable("x"), mx.sym.Variable("order"))
        converted = mx.sym.Cast(chosen, dtype=dtype)
        self._gather = Graph(converted / 255 if x.dtype == np.uint8 else converted)

    def __len__(self) -> int:
        return len(self._y)

    def chunks(self, order: Array) -> Iterator[tuple[Any, Any]]:
        """Inputs (n, num_inputs) and labels (n,) of the examples `order`."""
        for start in range(0, len(order), self._per_chunk):
            part = order[start : start + self._per_chunk].astype(np.int32)
            chosen = mx.nd.array(part, ctx=self._device, dtype=np.int32)
            yield self._gather(x=self._x, order=chosen), mx.nd.take(self._y, chosen)
