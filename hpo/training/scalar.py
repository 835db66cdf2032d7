"""A number that also answers the way a framework's 0-d array does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class Scalar(float):
    """A `float` on the host, for code written for a framework's scalars.

    `.numpy()`, `.asnumpy()`, `.item()`, `.detach()` and `.cpu()` work on it, and on the results of arithmetic
    with it, so that the same line reads a result in every framework.
    """

    __slots__ = ()

    def numpy(self) -> np.float64:
        """The number as NumPy's scalar."""
        return np.float64(self)

    asnumpy = numpy

    def item(self) -> float:
        """The number as a plain `float`."""
        return float(self)

    def detach(self) -> Scalar:
        """Itself: there is no graph to leave."""
        return self

    def cpu(self) -> Scalar:
        """Itself: it is on the host."""
        return self


def numpy(value: Any) -> Any:
    """The numbers of an array, tensor or scalar of whatever framework, on the host and without a graph.

    Args:
        value: what answers `.numpy()` or `.asnumpy()`, or what `np.asarray` takes.

    Returns:
        A NumPy array, 0-d for a scalar.

    Example:
        >>> import hpo_numpy as d2l
        >>> model = d2l.SoftmaxClassification(10, lr=0.1)
        >>> data = d2l.FashionMNIST(batch_size=64, folder="sample")
        >>> images, labels = next(iter(data.val_dataloader()))
        >>> loss = model.loss(model(images), labels)  # on torch a tensor with a graph
        >>> round(float(d2l.numpy(loss)), 1)
        2.3
    """
    # In this order: a tensor has to leave its graph and its device before it can become an array.
    for method in ("detach", "cpu", "asnumpy", "numpy"):
        if hasattr(value, method):
            value = getattr(value, method)()
    return np.asarray(value)


def _lift(name: str) -> Callable[..., Any]:
    operation = getattr(float, name)

    def lifted(self: Scalar, *others: Any) -> Any:
        result = operation(self, *others)
        return Scalar(result) if isinstance(result, float) else result

    lifted.__name__ = name
    return lifted


for _operator in ("add", "sub", "mul", "truediv", "pow"):
    for _name in (f"__{_operator}__", f"__r{_operator}__"):
        setattr(Scalar, _name, _lift(_name))
for _name in ("__neg__", "__pos__", "__abs__"):
    setattr(Scalar, _name, _lift(_name))
