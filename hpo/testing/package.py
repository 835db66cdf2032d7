"""What the contracts of a backend have in common: the package that they test."""

from __future__ import annotations

import importlib
from types import ModuleType

from hpo.backend import Backend, DType


class OfPackage:
    """A contract of a backend's package.

    Attributes:
        package: its name, such as `hpo_torch`.
        dtypes: what it computes in.
    """

    package: str
    dtypes: tuple[DType, ...] = ("float32", "float64")

    @property
    def d2l(self) -> ModuleType:
        """The package under test, under the book's name for it."""
        return importlib.import_module(self.package)

    @property
    def backend(self) -> Backend:
        """The backend under test."""
        backend: Backend = self.d2l.BACKEND
        return backend
