"""Examples on a device, in chunks that stay in a core's cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from hpo.backend import Array, DType
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo_torch.arrays import from_host


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
        self._x = from_host(x.reshape(len(x), -1)).to(device)
        self._y = from_host(y.astype(np.int64)).to(device)
        self._scale = 1 / 255 if x.dtype == np.uint8 else 1.0
        self._dtype: torch.dtype = getattr(torch, dtype)
        self._per_chunk = max(1, EXAMPLES_PER_CHUNK // multiple) * multiple

    def __len__(self) -> int:
        return len(self._y)

    def chunks(self, order: Array) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Inputs (n, num_inputs) and labels (n,) of the examples `order`."""
        for chosen in torch.split(torch.from_numpy(order).to(self._x.device), self._per_chunk):
            inputs = self._x.index_select(0, chosen).to(self._dtype)
            if self._scale != 1:
                inputs.mul_(self._scale)
            yield inputs, self._y.index_select(0, chosen)
