"""The book's five functions about devices, for any backend."""

from __future__ import annotations

from typing import Any

from hpo.backend import Backend
from hpo.backend.registry import resolve_device
from hpo.errors import DeviceError


class Devices:
    """Where the models of one backend can run."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def cpu(self) -> Any:
        """The host's processor."""
        return self._backend.device("cpu")

    def gpu(self, i: int = 0) -> Any:
        """Accelerator number `i`, from 0.

        Raises:
            DeviceError: it is not there; the text lists the devices that are.
        """
        return self._backend.device(resolve_device(self._backend, f"gpu:{i}"))

    def num_gpus(self) -> int:
        """The number of accelerators."""
        return sum(not name.startswith("cpu") for name in self._backend.devices())

    def try_gpu(self, i: int = 0) -> Any:
        """Accelerator number `i` if it is there, else the processor."""
        try:
            return self.gpu(i)
        except DeviceError:
            return self.cpu()

    def try_all_gpus(self) -> list[Any]:
        """All accelerators; the processor if there is none."""
        return [self.gpu(i) for i in range(self.num_gpus())] or [self.cpu()]
