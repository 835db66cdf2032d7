"""Transforms values to suit a Gaussian process: mean 0, variance 1, no long tails."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hpo.surrogates.penalties import FAR, comparable_part

Floats = NDArray[np.float64]


def standardised(values: Floats) -> Floats:
    """The values with mean 0 and variance 1; all 0 where they are all equal."""
    # Divided first: squares of extreme values overflow.
    scale = float(np.abs(values).max()) or 1.0
    scaled = values / scale
    centred = scaled - scaled.mean()
    deviation = float(centred.std())
    # Below this the values differ by round-off of their size, which is 1 here.
    return centred / deviation if deviation > 1e-13 else np.zeros_like(values)


def winsorised(values: Floats) -> Floats:
    """The values in another unit, with those far on the bad side (large) pulled in.

    A value more than two spreads of the better half above the median says only that it is bad. As a number
    it would drown the differences between good values. What lies far from all others takes no part in the
    median and the spread, and it does not matter how far it is.
    """
    part = comparable_part(values)
    unit = float(np.abs(part).max()) or 1.0
    part = part / unit
    # What becomes infinite is cut off.
    with np.errstate(over="ignore"):
        values = np.minimum(values / unit, part[-1] + FAR * (part[-1] - part[0]))
    median, low = np.median(part), np.quantile(part, 0.1)
    spread = float(median - low) or float(part[-1] - part[0])
    if not spread:
        return values
    excess = np.maximum((values - median) / spread - 2.0, 0.0)
    # Pulled in by a logarithm: the order of values stays.
    return np.where(excess > 0, median + spread * (2.0 + np.log1p(excess)), values)


def gaussianised(values: Floats) -> Floats:
    """The values after the power transform that makes them look most normal, with mean 0 and variance 1.

    Yeo and Johnson 2000, "A New Family of Power Transformations to Improve Normality or Symmetry", with the
    exponent of largest likelihood (their section 3).
    """
    from scipy.optimize import minimize_scalar

    z = standardised(winsorised(values))
    if len(z) < 4 or not z.any():
        return z

    # The log Jacobian of the transform is (power - 1) times this.
    stretch = float(np.sum(np.sign(z) * np.log1p(np.abs(z))))

    def loss(power: float) -> float:
        variance = float(np.var(_yeo_johnson(z, power))) + 1e-12
        return 0.5 * len(z) * math.log(variance) - (power - 1.0) * stretch

    found = minimize_scalar(loss, bounds=(-2.0, 3.0), method="bounded", options={"xatol": 1e-3})
    return standardised(_yeo_johnson(z, float(found.x)))


def _yeo_johnson(z: Floats, power: float) -> Floats:
    up, down = np.maximum(z, 0.0), np.maximum(-z, 0.0)
    # expm1 and log1p: near the exponents 0 and 2 the plain powers cancel. The other side adds 0.
    above = np.log1p(up) if abs(power) < 1e-8 else np.expm1(power * np.log1p(up)) / power
    rest = 2.0 - power
    below = -np.log1p(down) if abs(rest) < 1e-8 else -np.expm1(rest * np.log1p(down)) / rest
    return np.asarray(above + below)
