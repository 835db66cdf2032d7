"""NumPy behind the backend protocol (`hpo.backend.Backend`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo.backend import Array, Arrays, DType, Member, Run, Tree
from hpo.errors import DeviceError
from hpo.training import Devices
from hpo.training.in_turn import RunsInTurn
from hpo.training.rows import check_members, fit_in_rows
from hpo_numpy.checkpoints import capture, restore
from hpo_numpy.examples import Examples
from hpo_numpy.network import NetworkRun
from hpo_numpy.softmax import SoftmaxRun


class NumPyBackend:
    """NumPy, on the host's processor: the reference that every other backend is held against."""

    name = "numpy"
    version = np.__version__
    modules = ("numpy", "hpo_numpy")

    def devices(self) -> list[str]:
        """The host's processor."""
        return ["cpu"]

    def device(self, name: str) -> str:
        """The device of that name, which NumPy spells the same."""
        if name != "cpu":
            raise DeviceError(f"NumPy computes on the device 'cpu'; received {name!r}.")
        return name

    def seed(self, seed: int) -> None:
        """Seed NumPy's global generator, for models that draw from it."""
        np.random.seed(seed % 2**32)

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Never: NumPy raises a MemoryError, which is known."""
        return False

    def is_compiling(self, value: Any = None) -> bool:
        """Never: NumPy compiles nothing."""
        return False

    def to_numpy(self, array: Any) -> Array:
        """The array itself."""
        return np.asarray(array)

    def from_numpy(self, array: Array, device: Any) -> Array:
        """The array itself."""
        return array

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data in memory, ready to train."""
        check_members(members, data)
        if fit_in_rows(members):
            return SoftmaxRun(members, data, dtype)
        train = Examples(data.train_x, data.train_y, dtype, multiple=data.batch_size)
        validation = Examples(data.val_x, data.val_y, dtype)
        runs = [NetworkRun(member, train, validation, data.batch_size, dtype, device) for member in members]
        return RunsInTurn(runs)

    def is_immutable(self, thing: Any) -> bool:
        """No: arrays, generators and models change in place."""
        return False

    def capture(self, thing: Any) -> Tree:
        """The state of an array, a random generator, or a model or optimizer of this package."""
        return capture(thing)

    def restore(self, thing: Any, tree: Tree) -> Any:
        """Put a captured state back into an object of the same kind."""
        return restore(thing, tree)


BACKEND = NumPyBackend()

_devices = Devices(BACKEND)
cpu, gpu, num_gpus = _devices.cpu, _devices.gpu, _devices.num_gpus
try_gpu, try_all_gpus = _devices.try_gpu, _devices.try_all_gpus
