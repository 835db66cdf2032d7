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
        """The host's processor.

        Example:
            >>> import hpo_numpy as d2l
            >>> d2l.Trainer(max_epochs=1, device=d2l.cpu()).device
            'cpu'
        """
        return self._backend.device("cpu")

    def gpu(self, i: int = 0) -> Any:
        """Accelerator number `i`, from 0.

        Raises:
            DeviceError: it is not there; the text lists the devices that are.

        Example:
            >>> import hpo_numpy as d2l
            >>> d2l.gpu()  # doctest: +ELLIPSIS
            Traceback (most recent call last):
                ...
            hpo.errors.DeviceError: device='gpu:0': the backend 'numpy' has no such device here. ...
        """
        return self._backend.device(resolve_device(self._backend, f"gpu:{i}"))

    def num_gpus(self) -> int:
        """The number of accelerators.

        Example:
            >>> import hpo_numpy as d2l
            >>> trainer = d2l.Trainer(max_epochs=1, num_gpus=min(1, d2l.num_gpus()))
            >>> trainer.device
            'cpu'
        """
        return sum(not name.startswith("cpu") for name in self._backend.devices())

    def try_gpu(self, i: int = 0) -> Any:
        """Accelerator number `i` if it is there, else the processor.

        Example:
            >>> import hpo_numpy as d2l
            >>> d2l.try_gpu()
            'cpu'
        """
        try:
            return self.gpu(i)
        except DeviceError:
            return self.cpu()

    def try_all_gpus(self) -> list[Any]:
        """All accelerators; the processor if there is none.

        Example:
            >>> import hpo_numpy as d2l
            >>> d2l.try_all_gpus()
            ['cpu']
        """
        return [self.gpu(i) for i in range(self.num_gpus())] or [self.cpu()]
