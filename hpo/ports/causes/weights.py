"""Why weights that a port brings with it are not those of its original."""

from __future__ import annotations

import numpy as np

from hpo.ports.causes.between import FLATTENINGS
from hpo.ports.causes.cause import Cause
from hpo.ports.causes.kernels import KERNELS
from hpo.ports.differences import Array, alike

SAME = 1e-6
"""Copied weights may differ by what a float format on their way rounded."""


def cause_of_weights(original: Array, port: Array, name: str) -> Cause | None:
    """Whether one holds the other's numbers in another order; both in the canonical layout."""
    if original.ndim == 4:
        for layout, make in KERNELS.items():
            made = make(original)
            if layout != "OIHW" and made.shape == port.shape and alike(made, port, SAME):
                return Cause(
                    "kernel layout",
                    f"OIHW against HWIO: the port holds {name} as {layout}.",
                    "Transpose (3, 2, 0, 1) turns HWIO into OIHW and (2, 3, 1, 0) back; a reshape does "
                    "neither.",
                )
    if original.ndim == 2:
        for told, made in (
            ("transposed", original.T),
            ("reshaped instead of transposed", original.T.reshape(original.shape)),
        ):
            if made.shape == port.shape and alike(made, port, SAME):
                return Cause(
                    "weight layout",
                    f"the port holds {name} {told}.",
                    "torch and Gluon keep dense weights (out, in), Keras and Flax (in, out).",
                )
    return None


def reordered_rows(original: Array, port: Array, maps: tuple[int, ...] | None) -> list[int] | None:
    """For each row of the port's dense weights the original's, if the rows follow another flatten."""
    if maps is None or original.ndim != 2 or original.shape != port.shape or np.prod(maps) != len(original):
        return None
    indices = np.arange(len(original)).reshape(1, *maps)
    for axes in FLATTENINGS.values():
        # Either side may be the one that flattens in this order.
        for rows in (indices.transpose(axes).ravel(), np.argsort(indices.transpose(axes).ravel())):
            if alike(original[rows], port, SAME) and not alike(original, port, SAME):
                return [int(row) for row in rows]
    return None
