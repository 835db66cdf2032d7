"""Gradients that are added to a parameter as they are computed.

The update of a dense layer's weight is one matrix product added in place: the gradient itself, which is
as large as the weight, is written only where an optimizer needs it alone.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.linalg import blas

from hpo.backend import Array


class Gradient(Protocol):
    """The gradient of one parameter."""

    def add_to(self, target: Array, *, factor: float, keep: float) -> None:
        """`target = keep * target + factor * gradient`, in place."""
        ...


class Written:
    """A gradient that stands in an array."""

    def __init__(self, values: Array) -> None:
        self._values = values

    def add_to(self, target: Array, *, factor: float, keep: float) -> None:
        """`target = keep * target + factor * gradient`, in place."""
        if keep != 1:
            np.multiply(target, keep, out=target)
        target += self._values * target.dtype.type(factor)


class Product:
    """The gradient x^T g of a dense weight: x (n, in) its inputs, g (n, out) its outputs' gradient."""

    def __init__(self, x: Array, g: Array) -> None:
        self._x, self._g = x, g

    def add_to(self, target: Array, *, factor: float, keep: float) -> None:
        """`target = keep * target + factor * gradient`, in place."""
        add_product = blas.sgemm if target.dtype == np.float32 else blas.dgemm
        # BLAS thinks in columns, so all three stand transposed: nothing is copied.
        add_product(factor, self._g.T, self._x.T, beta=keep, c=target.T, trans_b=True, overwrite_c=True)
