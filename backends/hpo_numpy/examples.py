"""Examples in chunks that stay in a core's cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hpo.backend import Array, DType
from hpo.training.batches import EXAMPLES_PER_CHUNK


class Examples:
    """Examples and labels, gathered and converted many at a time.

    Args:
        x: (N, ...) uint8 or floating point.
        y: (N,) class indices.
        dtype: what the inputs become.
        multiple: the number of examples in a chunk is a multiple of this, except in the last one.
    """

    def __init__(self, x: Array, y: Array, dtype: DType, *, multiple: int = 1) -> None:
        self._x, self._y, self._dtype = x.reshape(len(x), -1), y, dtype
        self._scale = np.asarray(1 / 255 if x.dtype == np.uint8 else 1, dtype)
        self._per_chunk = max(1, EXAMPLES_PER_CHUNK // multiple) * multiple

    def __len__(self) -> int:
        return len(self._y)

    def chunks(self, order: NDArray[np.intp]) -> Iterator[tuple[Array, Array]]:
        """Inputs (n, num_inputs), valid until the next chunk, and labels (n,)."""
        size, width = min(self._per_chunk, len(order)), self._x.shape[1]
        raw = np.empty((size, width), self._x.dtype)
        inputs = np.empty((size, width), self._dtype)
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            n = len(chosen)
            # mode="clip", else take() buffers the whole copy to be able to fail half-way.
            np.take(self._x, chosen, axis=0, out=raw[:n], mode="clip")
            np.multiply(raw[:n], self._scale, out=inputs[:n], casting="same_kind")
            yield inputs[:n], self._y[chosen]
