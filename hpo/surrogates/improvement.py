"""The logarithm of the expected improvement, which has a gradient where the improvement rounds to 0.

Ament et al. 2023, "Unexpected Improvements to Expected Improvement for Bayesian Optimization".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_FAR = -1e4
"""Where the asymptote takes over: at -1 / sqrt(machine epsilon) in the paper. But the other formula loses
1 / z^2 beside 1. Its error is round-off times z^2, that of the asymptote 3 / z^2; here both are some 1e-8."""

_LOG_HALF_PI = 0.5 * math.log(0.5 * math.pi)


def log_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """The log of the expected improvement over `best`, where small values are good (equation 8)."""
    return np.log(deviation) + log_h((best - mean) / deviation)


def log_h(z: Floats) -> Floats:
    """log(phi(z) + z Phi(z)), accurate for every z (equation 9, and the expansion in appendix A.1)."""
    from scipy.special import erfcx, ndtr

    z = np.asarray(z, dtype=np.float64)
    result = np.empty_like(z)
    near = z > -1.0
    far = z < _FAR
    between = ~(near | far)
    x = z[near]
    # Below -1 the two terms cancel.
    result[near] = np.log(np.exp(-0.5 * x * x - _LOG_ROOT_TWO_PI) + x * ndtr(x))
    x = z[between]
    # Phi(z) = phi(z) sqrt(pi / 2) erfcx(-z / sqrt(2)), so that h(z) = phi(z) (1 - exp(log_ratio)).
    log_ratio = np.log(erfcx(-x / math.sqrt(2.0)) * -x) + _LOG_HALF_PI
    result[between] = -0.5 * x * x - _LOG_ROOT_TWO_PI + np.log(-np.expm1(np.minimum(log_ratio, -1e-16)))
    x = z[far]
    result[far] = -0.5 * x * x - _LOG_ROOT_TWO_PI - 2.0 * np.log(-x)
    return result


def log_h_slope(z: float, log_value: float) -> float:
    """The derivative of `log_h`, Phi(z) / h(z), at one point whose `log_h` is known."""
    from scipy.special import log_ndtr

    if z < _FAR:
        return -z
    # Phi and h underflow together: their quotient is taken in logarithms, and kept from overflow.
    return math.exp(min(float(log_ndtr(z)) - log_value, 700.0))
