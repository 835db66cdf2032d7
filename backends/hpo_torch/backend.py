"""PyTorch behind the backend protocol (`hpo.backend.Backend`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from hpo.backend import Array, Arrays, DType, Member, Run, Tree
from hpo.training import Devices
from hpo.training.in_turn import RunsInTurn
from hpo.training.rows import check_members, fit_in_rows
from hpo_torch.arrays import from_host
from hpo_torch.checkpoints import capture, restore
from hpo_torch.examples import Examples
from hpo_torch.network import NetworkRun
from hpo_torch.softmax import SoftmaxRun


class TorchBackend:
    """PyTorch on the processor, CUDA or Apple's GPU."""

    name = "torch"
    version = str(torch.__version__)
    modules = ("torch", "hpo_torch")

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

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether it is torch's own error for that, or what it raises where the processor's memory is out."""
        if isinstance(error, torch.cuda.OutOfMemoryError):
            return True
        said = ("out of memory", "can't allocate memory", "not enough memory")
        return isinstance(error, RuntimeError) and any(words in str(error) for words in said)

    def is_compiling(self, value: Any = None) -> bool:
        """Never: `torch.compile` leaves what it cannot compile to Python, each time."""
        return False

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of a tensor."""
        return np.asarray(array.detach().cpu()) if isinstance(array, torch.Tensor) else np.asarray(array)

    def from_numpy(self, array: Array, device: Any) -> torch.Tensor:
        """A tensor on `device`. On the processor it shares the array's memory where it can."""
        return from_host(array).to(device)

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        check_members(members, data)
        if fit_in_rows(members):
            return SoftmaxRun(members, data, dtype, device)
        size = data.batch_size
        train = Examples(data.train_x, data.train_y, dtype, device, multiple=size)
        validation = Examples(data.val_x, data.val_y, dtype, device)
        runs = [NetworkRun(member, train, validation, size, dtype, device) for member in members]
        return RunsInTurn(runs)

    def is_immutable(self, thing: Any) -> bool:
        """No: tensors, modules and optimizers change in place."""
        return False

    def capture(self, thing: Any) -> Tree:
        """The state of a module, a tensor, a generator, or anything with `state_dict()`."""
        return capture(thing)

    def restore(self, thing: Any, tree: Tree) -> Any:
        """Put a captured state back into an object of the same kind."""
        return restore(thing, tree)


BACKEND = TorchBackend()

_devices = Devices(BACKEND)
cpu, gpu, num_gpus = _devices.cpu, _devices.gpu, _devices.num_gpus
try_gpu, try_all_gpus = _devices.try_gpu, _devices.try_all_gpus
