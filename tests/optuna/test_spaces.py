"""The space that is read off what calls of an Optuna objective asked for."""

from __future__ import annotations

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import hpo
from hpo.integrations.optuna.spaces import Asked, UndecidedError, infer_space

WIDE = IntDistribution(4, 128)
PAIR = CategoricalDistribution(["u", "v"])


def asked(**parameters: object) -> Asked:
    """A call: `width` and `late` are of many values, all others of two."""
    of = {name: WIDE if name in ("width", "late") else PAIR for name in parameters}
    return Asked(parameters, of)


def test_a_parameter_of_many_values_decides_on_nothing() -> None:
    calls = [asked(width=9, late=5), asked(width=40), asked(width=70, late=7)]
    for proven in (True, False):
        with pytest.raises(
            hpo.errors.SpaceError,
            match=r"'late' was suggested in 2 of 3 calls, and which parameter decides is n",
        ):
            infer_space(calls, proven=proven)


def test_too_few_calls_prove_nothing() -> None:
    calls = [asked(a="u", late=5), asked(a="v")] * 5
    with pytest.raises(
        UndecidedError, match=r"10 calls are too few to say what decides on 'late': it may be 'a'"
    ):
        infer_space(calls, proven=True)
    assert dict(infer_space(calls * 2, proven=True)) == dict(infer_space(calls))


def test_two_explanations_are_no_proof() -> None:
    calls = [asked(a="u", b="u", late=5), asked(a="v", b="v")] * 10
    with pytest.raises(
        UndecidedError, match=r"'late': 'b' and 'a' explain it equally\. Write the space yourself"
    ):
        infer_space(calls, proven=True)


def test_what_was_seen_often_decides_against_what_was_not() -> None:
    eight = IntDistribution(0, 7)
    calls = [
        Asked({**call.parameters, "n": place % 8}, {**call.distributions, "n": eight})
        for place, call in enumerate([asked(a="u", late=5)] * 4 + [asked(a="v")] * 4)
    ] * 2
    # Each value of `n` came twice, where three times are a proof.
    assert infer_space(calls, proven=True)["late"] == hpo.Int(4, 128).when("a", in_=["u"])


def test_two_kinds_under_one_name_are_an_error() -> None:
    asked = [
        Asked({"x": 1}, {"x": IntDistribution(0, 1)}),
        Asked({"x": 0.5}, {"x": FloatDistribution(0, 1)}),
    ]
    with pytest.raises(
        hpo.errors.SpaceError, match=r"once from IntD.* and once from FloatD.*two different names"
    ):
        infer_space(asked)


def test_bounds_that_move_make_one_domain() -> None:
    asked = [
        Asked({"x": 1}, {"x": IntDistribution(0, 4, step=2)}),
        Asked({"x": 0.5}, {"x": IntDistribution(2, 6, step=2)}),
    ]
    assert dict(infer_space(asked)) == {"x": hpo.Ordinal([0, 2, 4, 6])}


def test_steps_that_nobody_can_list_are_an_error() -> None:
    fine = FloatDistribution(0, 1, step=1e-7)
    with pytest.raises(hpo.errors.SpaceError, match=r"'x' has 10000001 steps, more than .* can be listed"):
        infer_space([Asked({"x": 0.0}, {"x": fine})])
