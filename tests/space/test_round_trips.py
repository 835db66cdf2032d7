"""Properties of every domain of the library: encode and decode undo each other."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hpo.space import Choice, Float, Int, Ordinal, Scalar

bounds = st.floats(-1e12, 1e12)
positive = st.floats(1e-12, 1e12)
unit = st.floats(0, 1)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)


def allowed_error(value: float, density: float) -> float:
    """Four units in the last place, of the value or of the point near 1, whichever is coarser."""
    return 4 * max(math.ulp(value), 2.0**-53 / density)


@given(st.tuples(bounds, bounds).map(sorted), unit)
def test_floats_come_back_within_four_ulp(ends: list[float], share: float) -> None:
    low, high = ends
    domain = Float(low, high)
    value = min(max(low + share * (high - low), low), high)
    [back] = domain.decode(domain.encode([value]))
    assert isinstance(back, float)
    assert low <= back <= high
    assert abs(back - value) <= allowed_error(value, 1 / max(high - low, math.ulp(high)))


@given(st.tuples(positive, positive).map(sorted), unit)
def test_log_floats_come_back_within_four_ulp(ends: list[float], share: float) -> None:
    low, high = ends
    domain = Float(low, high, log=True)
    value = min(max(low + share * (high - low), low), high)
    [back] = domain.decode(domain.encode([value]))
    assert isinstance(back, float)
    assert low <= back <= high
    width = max(math.log(high / low), 2.0**-53)
    assert abs(back - value) <= allowed_error(value, 1 / (value * width))


@given(st.tuples(st.integers(-(2**46), 2**46), st.integers(-(2**46), 2**46)).map(sorted), st.data())
def test_integers_come_back_exactly(ends: list[int], data: st.DataObject) -> None:
    domain = Int(*ends)
    values = data.draw(st.lists(st.integers(*ends), min_size=1))
    assert domain.decode(domain.encode(values)) == values


@given(st.tuples(st.integers(1, 2**40), st.integers(1, 2**40)).map(sorted), st.data())
def test_log_integers_come_back_exactly(ends: list[int], data: st.DataObject) -> None:
    domain = Int(*ends, log=True)
    values = data.draw(st.lists(st.integers(*ends), min_size=1))
    assert domain.decode(domain.encode(values)) == values


@given(st.lists(scalars, min_size=1, unique=True))
def test_options_come_back_with_their_type(options: list[Scalar]) -> None:
    domain = Choice(options)
    back = domain.decode(domain.encode(options))
    assert [(type(value), value) for value in back] == [(type(value), value) for value in options]


@given(st.lists(st.text(), min_size=1, unique=True), st.lists(unit, min_size=1))
def test_decode_keeps_the_order_of_the_unit_interval(values: list[str], points: list[float]) -> None:
    ascending = sorted(points)
    ordinal = Ordinal(values)
    ranks = [ordinal.rank(value) for value in ordinal.decode(ascending)]
    assert ranks == sorted(ranks)
    for domain in (Float(-3, 5), Float(1e-5, 1, log=True), Int(-3, 90), Int(1, 900, log=True)):
        decoded = np.array(domain.decode(ascending), dtype=float)
        assert (np.diff(decoded) >= 0).all()


@given(st.lists(unit, min_size=1))
def test_encoding_what_was_decoded_is_stable(points: list[float]) -> None:
    for domain in (Int(1, 7), Int(1, 7, log=True), Choice(["a", "b", "c"]), Ordinal([1, 2, 4])):
        values = domain.decode(points)
        assert domain.decode(domain.encode(values)) == values
