from __future__ import annotations

from typing import Any

import pytest

from hpo.training import HyperParameters, add_to_class


class Keeper(HyperParameters):
    a: int
    b: str

    def __init__(self, a: int, b: str = "b", *rest: int, c: float = 0.5, **others: Any) -> None:
        self.save_hyperparameters(ignore=["b"])


def test_the_constructor_s_arguments_become_attributes() -> None:
    keeper: Any = Keeper(1, "x", 7, 8, d=4)
    assert keeper.hparams == {"a": 1, "rest": (7, 8), "c": 0.5, "d": 4}
    assert (keeper.a, keeper.c, keeper.d) == (1, 0.5, 4)


def test_ignored_arguments_are_left_out() -> None:
    assert not hasattr(Keeper(1), "b")


def test_a_function_becomes_a_method_also_of_objects_that_exist() -> None:
    keeper: Any = Keeper(3)

    @add_to_class(Keeper)
    def twice(self: Any) -> Any:
        return 2 * self.a

    assert keeper.twice() == 6
    assert callable(twice)


def test_a_function_is_added_to_a_class_and_nothing_else() -> None:
    thing: Any = 3
    with pytest.raises(TypeError, match=r"add_to_class takes a class.*received 3"):
        add_to_class(thing)
