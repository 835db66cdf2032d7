from __future__ import annotations

import numpy as np
import pytest

from hpo.randomness import uniforms
from hpo.surrogates.outputs import gaussianised, standardised, winsorised

VALUES = uniforms(0, "values", shape=(50,))


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_the_scale_of_values_does_not_matter(scale: float) -> None:
    assert np.allclose(gaussianised(scale * VALUES), gaussianised(VALUES), atol=1e-6)


def test_the_order_of_values_stays() -> None:
    values = np.exp(20 * VALUES)
    assert np.array_equal(np.argsort(gaussianised(values)), np.argsort(values))


def test_equal_values_become_zeros() -> None:
    assert gaussianised(np.full(7, 1e300)).tolist() == [0.0] * 7
    assert standardised(np.zeros(3)).tolist() == [0.0] * 3


def test_an_outlier_on_the_bad_side_leaves_room_for_the_others() -> None:
    spread = np.ptp(gaussianised(np.append(VALUES, 1e12))[:-1])
    assert spread > 2


def test_the_good_side_is_not_pulled_in() -> None:
    values = np.append(VALUES, -3.0)
    assert np.allclose(3.0 * winsorised(values), values, atol=0, rtol=1e-15)


def test_a_long_tail_becomes_nearly_normal() -> None:
    z = gaussianised(np.exp(4 * VALUES))
    assert abs(np.mean(z**3)) < 0.5 < abs(np.mean(standardised(np.exp(4 * VALUES)) ** 3))
