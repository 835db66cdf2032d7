"""The port of PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from hpo.port import Array, Arrays, DType, Member, Run
from hpo_torch.arrays import from_host
from hpo_torch.softmax import SoftmaxRun


class TorchBackend:
    """PyTorch on the processor, CUDA or Apple's GPU."""

    name = "torch"
    version = str(torch.__version__)

    def devices(self) -> list[str]:
        """`cpu`, then `cuda:<i>` or `mps`."""
        found = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
        if torch.backends.mps.is_available():
            found.append("mps")
        return ["cpu", *found]

    def device(self, name: str) -> torch.device:
        """The `torch.device` of that name."""
        return torch.device(name)

    def seed(self, seed: int) -> None:
        """Seed torch's generators on all devices."""
        torch.manual_seed(seed)

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of a tensor."""
        return np.asarray(array.detach().cpu()) if isinstance(array, torch.Tensor) else np.asarray(array)

    def from_numpy(self, array: Array, device: Any) -> torch.Tensor:
        """A tensor on `device`. On the processor it shares the array's memory where it can."""
        return from_host(array).to(device)

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        return SoftmaxRun(members, data, dtype, device)


BACKEND = TorchBackend()
