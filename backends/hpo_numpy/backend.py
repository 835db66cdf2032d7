"""The port of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo.errors import DeviceError
from hpo.port import Array, Arrays, DType, Member, Run
from hpo_numpy.softmax import SoftmaxRun


class NumPyBackend:
    """NumPy, on the host's processor: the reference that every other backend is held against."""

    name = "numpy"
    version = np.__version__

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

    def to_numpy(self, array: Any) -> Array:
        """The array itself."""
        return np.asarray(array)

    def from_numpy(self, array: Array, device: Any) -> Array:
        """The array itself."""
        return array

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data in memory, ready to train."""
        return SoftmaxRun(members, data, dtype)


BACKEND = NumPyBackend()
