from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from hpo.training import Scalar, numpy


def test_a_scalar_is_a_float_that_answers_as_a_tensor_does() -> None:
    scalar = Scalar(0.25)
    assert isinstance(scalar, float)
    assert scalar.numpy() == scalar.asnumpy() == scalar.item() == scalar.detach().cpu() == 0.25
    assert isinstance(scalar.numpy(), np.float64)


def test_arithmetic_keeps_what_it_answers() -> None:
    scalar = Scalar(0.25)
    results: list[Any] = [1 - scalar, scalar / 2, scalar + 1, 2 * scalar, -scalar, abs(scalar), scalar**2]
    assert all(isinstance(result, Scalar) for result in results)
    assert [result.item() for result in results] == [0.75, 0.125, 1.25, 0.5, -0.25, 0.25, 0.0625]


def test_what_float_cannot_do_it_cannot_do_either() -> None:
    other: Any = "1"
    with pytest.raises(TypeError, match="unsupported operand"):
        Scalar(1) + other


def test_a_scalar_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(Scalar(0.5))).numpy() == 0.5


@pytest.mark.parametrize("value", [Scalar(0.25), 0.25, np.float32(0.25), np.array(0.25)])
def test_numpy_reads_a_number_of_any_kind(value: Any) -> None:
    assert numpy(value) == 0.25
    assert isinstance(numpy(value), np.ndarray)


def test_numpy_leaves_the_device_and_the_graph() -> None:
    class Tensor:
        def __init__(self, *left: str) -> None:
            self.left = left

        def detach(self) -> Tensor:
            return Tensor(*self.left, "graph")

        def cpu(self) -> Tensor:
            return Tensor(*self.left, "device")

        def numpy(self) -> Any:
            return np.array(self.left)

    assert list(numpy(Tensor())) == ["graph", "device"]
