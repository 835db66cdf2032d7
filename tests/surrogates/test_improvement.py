from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from hpo.surrogates.improvement import log_h, log_h_slope, log_improvement


@pytest.mark.parametrize("z", [4.0, 0.0, -0.99, -1.01, -4.0])
def test_it_is_the_log_of_the_expected_improvement(z: float) -> None:
    def improved(x: float) -> float:
        return (z - x) * math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)

    expected, _ = quad(improved, -12.0, z, epsabs=0, epsrel=1e-12)
    assert log_h(np.array([z]))[0] == pytest.approx(math.log(expected), rel=1e-8)


@pytest.mark.parametrize("border", [-1.0, -1e4])
def test_its_pieces_meet(border: float) -> None:
    left, right = log_h(np.array([border * (1 + 1e-9), border * (1 - 1e-9)]))
    assert left == pytest.approx(right, rel=1e-6)


@pytest.mark.parametrize("z", [3.0, 0.0, -2.0, -50.0, -5e3, -1e7])
def test_its_slope_is_its_derivative(z: float) -> None:
    step = 1e-5 * max(1.0, abs(z))
    difference = np.diff(log_h(np.array([z - step, z + step])))[0] / (2 * step)
    assert log_h_slope(z, float(log_h(np.array([z]))[0])) == pytest.approx(difference, rel=1e-3)


def test_it_still_tells_points_apart_where_the_improvement_rounds_to_nothing() -> None:
    near, far = log_improvement(np.array([100.0, 200.0]), np.array([1.0, 1.0]), best=0.0)
    assert math.isfinite(far)
    assert far < near < -4000
