"""The port of MXNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo.errors import DeviceError
from hpo.port import Array, Arrays, DType, Member, Run
from hpo_mxnet.compat import mx
from hpo_mxnet.softmax import SoftmaxRun


class MXNetBackend:
    """MXNet on the processor or CUDA."""

    name = "mxnet"
    version = str(mx.__version__)

    def devices(self) -> list[str]:
        """`cpu`, then `gpu:<i>`."""
        return ["cpu", *(f"gpu:{i}" for i in range(mx.context.num_gpus()))]

    def device(self, name: str) -> Any:
        """The `mx.Context` of that name; `cpu:1` is a second one on the same processor."""
        kind, _, number = name.partition(":")
        if kind not in ("cpu", "gpu") or not (number or "0").isdecimal():
            raise DeviceError(f"MXNet computes on devices such as 'cpu' and 'gpu:0'; received {name!r}.")
        return mx.Context(kind, int(number or 0))

    def seed(self, seed: int) -> None:
        """Seed MXNet's generators on all devices, and NumPy's global one.

        Some of Gluon's initializers (`Orthogonal`) and its samplers draw from the latter.
        """
        mx.random.seed(seed % 2**31)
        np.random.seed(seed % 2**32)

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of an `mx.nd` or `mx.np` array."""
        return np.asarray(array.asnumpy() if isinstance(array, mx.nd.NDArray) else array)

    def from_numpy(self, array: Array, device: Any) -> Any:
        """A copy on `device`: an `mx.np` array where NumPy semantics is on, else an `mx.nd` array."""
        there = mx.nd.array(array, ctx=device, dtype=array.dtype)
        return there.as_np_ndarray() if mx.util.is_np_array() else there

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        return SoftmaxRun(members, data, dtype, device)


BACKEND = MXNetBackend()
