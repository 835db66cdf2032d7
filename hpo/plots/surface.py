"""The value over two hyperparameters, smoothed over the trials near each place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo.plots.scales import Scale

Floats = NDArray[np.float64]

_FAR = 3.0
"""Nothing is known further than so many kernel widths from the nearest trial."""


def smoothed(
    points: Floats, values: Floats, scales: tuple[Scale, Scale], columns: Floats, rows: Floats
) -> Floats:
    """Kernel means of the values on cells.

    Args:
        points: (n, 2) places of the trials in the unit square.
        values: (n,) their values.
        scales: those of the two axes.
        columns: (c,) the middles of the cells on the first axis.
        rows: (r,) those on the second.

    Returns:
        Shape (r, c); NaN far from all points.
    """
    width = max(0.35 * len(values) ** -0.3, 0.06)
    # Between listed values there is nothing to smooth.
    widths = [0.05 / scale.listed if scale.listed else width for scale in scales]
    across = ((columns[:, None] - points[None, :, 0]) / widths[0]) ** 2
    up = ((rows[:, None] - points[None, :, 1]) / widths[1]) ** 2
    # One row after the other: of all cells and ten thousand trials at once there are a gigabyte of numbers.
    return np.stack([_row(across + height, values) for height in up])


def _row(squared: Floats, values: Floats) -> Floats:
    nearest = squared.min(axis=1)
    # Against the nearest: far from all trials every kernel would be 0, and the mean 0 / 0.
    kernels = np.exp(-0.5 * (squared - nearest[:, None]))
    means = (kernels @ values) / kernels.sum(axis=1)
    return np.asarray(np.where(nearest < _FAR**2, means, np.nan))
