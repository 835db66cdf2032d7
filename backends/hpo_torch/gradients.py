"""Gradients that are added to a parameter as they are computed.

The update of a dense layer's weight is one matrix product added in place: the gradient itself, which is
as large as the weight, is written only where an optimizer needs it alone.
"""

from __future__ import annotations

from typing import Protocol

import torch


class Gradient(Protocol):
    """The gradient of one parameter."""

    def add_to(self, target: torch.Tensor, *, factor: float, keep: float) -> None:
        """`target = keep * target + factor * gradient`, in place."""
        ...


class Written:
    """A gradient that stands in a tensor."""

    def __init__(self, values: torch.Tensor) -> None:
        self._values = values

    def add_to(self, target: torch.Tensor, *, factor: float, keep: float) -> None:
        """`target = keep * target + factor * gradient`, in place."""
        if keep != 1:
            target.mul_(keep)
        target.add_(self._values, alpha=factor)


class Product:
    """The gradient x^T g of a dense weight: x (n, in) its inputs, g (n, out) its outputs' gradient."""

    def __init__(self, x: torch.Tensor, g: torch.Tensor) -> None:
        self._x, self._g = x, g

    def add_to(self, target: torch.Tensor, *, factor: float, keep: float) -> None:
        """`target = keep * target + factor * gradient`, in place."""
        target.addmm_(self._x.t(), self._g, beta=keep, alpha=factor)
