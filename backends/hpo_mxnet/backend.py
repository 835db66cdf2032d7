"""MXNet behind the backend protocol (`hpo.backend.Backend`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo.backend import Array, Arrays, DType, Member, Run, Tree
from hpo.errors import DeviceError
from hpo.training import Devices
from hpo.training.in_turn import RunsInTurn
from hpo.training.rows import check_members, fit_in_rows
from hpo_mxnet.arrays import classic_arrays, from_host
from hpo_mxnet.checkpoints import capture, restore
from hpo_mxnet.compat import mx
from hpo_mxnet.examples import Examples
from hpo_mxnet.network import NetworkRun
from hpo_mxnet.softmax import SoftmaxRun


class MXNetBackend:
    """MXNet on the processor or CUDA."""

    name = "mxnet"
    version = str(mx.__version__)
    modules = ("mxnet", "hpo_mxnet")

    def devices(self) -> list[str]:
        """`cpu`, then `gpu:<i>`."""
        return ["cpu", *(f"gpu:{i}" for i in range(mx.context.num_gpus()))]

    def device(self, name: str) -> Any:
        """The `mx.Context` of that name; `cpu:1` is a second one on the same processor."""
        kind, _, number = name.partition(":")
        # mx.Context answers a kind that it does not know with a bare KeyError.
        if kind not in ("cpu", "gpu") or not (number or "0").isdecimal():
            raise DeviceError(f"MXNet computes on devices such as 'cpu' and 'gpu:0'; received {name!r}.")
        return mx.Context(kind, int(number or 0))

    def seed(self, seed: int) -> None:
        """Seed MXNet's generators on all devices, and NumPy's global one.

        Some of Gluon's initializers (`Orthogonal`) and its samplers draw from the latter.
        """
        # MXNet takes a C int, NumPy 32 bits without a sign.
        mx.random.seed(seed % 2**31)
        np.random.seed(seed % 2**32)

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether an array found no room: MXNet has one error for everything."""
        said = ("out of memory", "Memory allocation failed", "Failed to allocate")
        return isinstance(error, mx.base.MXNetError) and any(words in str(error) for words in said)

    def is_compiling(self, value: Any = None) -> bool:
        """Never: what Gluon hybridizes is of symbols, which no report takes."""
        return False

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of an `mx.nd` or `mx.np` array."""
        return np.asarray(array.asnumpy() if isinstance(array, mx.nd.NDArray) else array)

    def from_numpy(self, array: Array, device: Any) -> Any:
        """A copy on `device`: an `mx.np` array where NumPy semantics is on, else an `mx.nd` array."""
        return from_host(array, device)

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        check_members(members, data)
        if fit_in_rows(members):
            return SoftmaxRun(members, data, dtype, device)
        size = data.batch_size
        # The library's own models compute in classic arrays, whatever the program around them uses.
        with classic_arrays():
            train = Examples(data.train_x, data.train_y, dtype, device, multiple=size)
            validation = Examples(data.val_x, data.val_y, dtype, device)
            runs = [NetworkRun(member, train, validation, size, dtype, device) for member in members]
        return RunsInTurn(runs)

    def is_immutable(self, thing: Any) -> bool:
        """No: arrays, blocks and trainers change in place."""
        return False

    def capture(self, thing: Any) -> Tree:
        """The state of a Gluon block, a Gluon trainer or an array."""
        return capture(thing)

    def restore(self, thing: Any, tree: Tree) -> Any:
        """Put a captured state back into an object of the same kind."""
        return restore(thing, tree)


BACKEND = MXNetBackend()

_devices = Devices(BACKEND)
cpu, gpu, num_gpus = _devices.cpu, _devices.gpu, _devices.num_gpus
try_gpu, try_all_gpus = _devices.try_gpu, _devices.try_all_gpus
