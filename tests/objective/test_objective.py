"""What can be tuned, and what counts as a result."""

import functools
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from hpo.objective.context import CurrentTrial
from hpo.objective.function import Objective, ResultError, read_number, read_report, read_result

TRIAL = CurrentTrial(id=7)


class Tensor:
    """Stands for a framework's tensor: it has a size and gives its number with `item`."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = numbers

    def item(self) -> float:
        if len(self.numbers) != 1:
            raise RuntimeError(f"a Tensor with {len(self.numbers)} elements cannot be converted to Scalar")
        return self.numbers[0]


class EagerTensor:
    """Stands for a tensor that becomes an array with `numpy`."""

    def numpy(self) -> Any:
        return np.array([0.5])


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        np.float32(0.5),
        np.float64(0.5),
        np.array(0.5),
        np.array([[0.5]]),
        Fraction(1, 2),
        Decimal("0.5"),
        Tensor(0.5),
        EagerTensor(),
    ],
)
def test_a_number_of_any_kind_and_size_one_is_read(value: object) -> None:
    assert read_number(value) == 0.5


@pytest.mark.parametrize("value", [3, np.int64(3), np.array([3], dtype=np.uint8)])
def test_integers_become_floats(value: object) -> None:
    assert type(read_number(value)) is float


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.5", "'0.5' of type str, where a number"),
        (b"0.5", "of type bytes"),
        (True, "True of type bool"),
        (np.bool_(True), "of type bool"),
        (np.str_("0.5"), "of type str"),
        (np.array(["0.5"]), "of type ndarray"),
        (None, "None without a report"),
        (1j, "1j of type complex"),
        (np.complex128(1), "of type complex"),
        ([0.5], r"\[0.5\] of type list"),
        (np.zeros(3), r"an array of shape \(3,\)"),
        (np.zeros(0), r"an array of shape \(0,\)"),
        (Tensor(1, 2), "a Tensor with 2 elements"),
        (10**400, "which is no number: int too large"),
        (object(), "of type object"),
    ],
)
def test_what_is_no_number_is_refused_with_what_was_received(value: object, text: str) -> None:
    with pytest.raises(ResultError, match=text):
        read_number(value)


def test_a_dict_of_numbers_is_read_without_its_epoch() -> None:
    assert read_result({"error": np.float32(0.5), "epoch": 3}) == {"error": 0.5}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"error": "low"}, "of the metric 'error', it gave 'low'"),
        ({3: 0.5}, "named a metric 3, where a str"),
        ({}, "a dict without a metric"),
        ({"epoch": 1}, "a dict without a metric"),
    ],
)
def test_a_dict_that_is_no_result_is_refused(value: object, text: str) -> None:
    with pytest.raises(ResultError, match=text):
        read_result(value)


def test_the_epoch_of_a_report_is_an_argument_or_an_entry() -> None:
    assert read_report(0.5, 3) == (3, 0.5)
    assert read_report({"error": 0.5, "epoch": np.int64(4)}) == (4, {"error": 0.5})
    assert read_report(0.5) == (None, 0.5)


@pytest.mark.parametrize("epoch", [0, -1, 1.5, float("nan")])
def test_an_epoch_that_is_none_is_refused(epoch: Any) -> None:
    with pytest.raises(ResultError, match="where an integer from 1 was expected"):
        read_report(0.5, epoch)


def named_last(config: Any, max_epochs: int = 8, *, trial: Any) -> Any:
    return trial


class Trainable:
    def method(self, config: Any, trial: Any) -> Any:
        return trial

    def __call__(self, config: Any, current: Any) -> Any:
        return current


@pytest.mark.parametrize(
    "function",
    [
        lambda config, trial: trial,
        lambda config, anything: anything,
        lambda config, trial=None: trial,
        lambda config, epochs=8, trial=None: trial,
        named_last,
        Trainable().method,
        Trainable(),
        functools.partial(lambda config, data, trial: trial, data=None),
    ],
)
def test_an_objective_that_wants_the_trial_gets_it(function: Callable[..., Any]) -> None:
    assert Objective(function)({}, TRIAL) is TRIAL


@pytest.mark.parametrize(
    "function",
    [
        lambda config, max_epochs=10: max_epochs,
        lambda config, *, max_epochs=10: max_epochs,
        lambda *args: 10 if len(args) == 1 else None,
        lambda config, **options: 10 if not options else None,
        functools.partial(lambda config, max_epochs: max_epochs, max_epochs=10),
    ],
)
def test_other_parameters_keep_their_defaults(function: Callable[..., Any]) -> None:
    assert Objective(function)({}, TRIAL) == 10


def test_a_first_parameter_called_trial_is_the_config() -> None:
    assert Objective(lambda trial: trial["x"])({"x": 3}, TRIAL) == 3


def test_builtins_without_a_signature_are_called_with_the_config() -> None:
    assert Objective(dict)({"x": 3}, TRIAL) == {"x": 3}


@pytest.mark.parametrize("function", [None, 3, "train", {"x": 1}])
def test_an_objective_that_is_not_callable_is_refused(function: Any) -> None:
    with pytest.raises(TypeError, match=r"a function that takes a config.*received"):
        Objective(function)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda: 1, "takes a config as its first parameter"),
        (lambda config, trial, data: 1, r"nothing fills the parameter 'data'.*functools.partial"),
        (lambda lr, units, decay: 1, r"A hyperparameter is taken from the config: config\['decay'\]"),
        (lambda config, *, data: 1, "nothing fills the parameter 'data'"),
        (lambda config, max_epochs: 1, "nothing fills the parameter 'max_epochs'.*a default"),
    ],
)
def test_an_objective_with_parameters_that_nobody_fills_is_refused(
    function: Callable[..., Any], text: str
) -> None:
    with pytest.raises(TypeError, match=text):
        Objective(function)
