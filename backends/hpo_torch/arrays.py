"""NumPy arrays as tensors."""

from __future__ import annotations

import torch

from hpo.backend import Array


def from_host(array: Array) -> torch.Tensor:
    """A tensor on the processor that shares the array's memory, or a copy if that is read-only.

    torch knows no read-only tensors: sharing would let it write to what was protected.
    """
    return torch.from_numpy(array if array.flags.writeable else array.copy())
