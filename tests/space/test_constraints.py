"""Constraints: trees of names, import paths, functions."""

from typing import Any

import numpy as np
import pytest

from hpo.errors import SpaceError
from hpo.space import Choice, Int, Relation, Scalar, Space, param

DOMAINS = {"a": Int(0, 10), "b": Int(0, 10), "c": Choice(["x", "y"])}


def holds(constraint: object, **config: Scalar) -> bool:
    return Space(DOMAINS, constraints=[constraint]).satisfies({"a": 4, "b": 2, "c": "x", **config})


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (param("a") + param("b") <= 6, True),
        (param("a") + param("b") < 6, False),
        (10 - param("a") >= 6, True),
        (param("a") - 3 > 1, False),
        (2 * param("a") == param("b") * 4, True),
        (param("a") / param("b") != 2, False),
        (9 // param("a") == 2, True),
        (param("a") // 3 == 1, True),
        (9 % param("a") == 1, True),
        (param("a") % 2 == 1, False),
        (1 / param("a") == 0.25, True),
        (1 + param("a") == 5, True),
        (-param("a") == -4, True),
        (param("c") == "x", True),
        (param("c") != "x", False),
        (~(param("a") <= 4), False),
        ((param("a") <= 4) & (param("b") >= 3), False),
        ((param("a") <= 4) | (param("b") >= 3), True),
    ],
    ids=repr,
)
def test_a_tree_says_what_its_python_says(relation: Relation, expected: bool) -> None:
    assert holds(relation) is expected


def test_a_tree_shows_itself() -> None:
    relation = (param("a") + param("b") <= 10) & ~(param("c") == "x")
    assert repr(relation) == "(((param('a') + param('b')) <= 10) & ~(param('c') == 'x'))"


def test_trees_are_equal_if_they_say_the_same() -> None:
    one, other = param("a") + 1 <= param("b"), param("a") + 1 <= param("b")
    assert Space(DOMAINS, constraints=[one]) == Space(DOMAINS, constraints=[other])
    assert hash(one) == hash(other)
    assert Space(DOMAINS, constraints=[one]) != Space(DOMAINS, constraints=[param("a") + 2 <= param("b")])


def test_a_tree_holds_where_one_of_its_names_is_inactive() -> None:
    space = Space({"a": Int(0, 10), "b": Int(0, 10).when("a", ge=5)}, constraints=[param("b") <= param("a")])
    assert space.satisfies({"a": 4})
    assert not space.satisfies({"a": 5, "b": 6})


def test_validate_names_the_broken_constraint() -> None:
    space = Space(DOMAINS, constraints=[param("a") <= param("b")])
    with pytest.raises(SpaceError, match=r"breaks the constraint \(param\('a'\) <= param\('b'\)\); received"):
        space.validate({"a": 3, "b": 2, "c": "x"})
    assert space.validate({"a": 2, "b": 2, "c": "x"}) == {"a": 2, "b": 2, "c": "x"}


def test_a_function_sees_a_copy_of_the_config() -> None:
    def spoil(config: dict[str, Any]) -> bool:
        config.clear()
        return True

    config = {"a": 4, "b": 2, "c": "x"}
    assert Space(DOMAINS, constraints=[spoil]).satisfies(config)
    assert config == {"a": 4, "b": 2, "c": "x"}


def test_a_function_works_in_memory_and_json_refuses_it() -> None:
    assert holds(lambda config: config["a"] > config["b"])
    assert not holds(lambda config: np.bool_(False))
    with pytest.raises(
        SpaceError, match=r"is a function in memory, which JSON cannot hold. Write it as a tree"
    ):
        Space(DOMAINS, constraints=[lambda config: True]).to_json()


def test_an_import_path_is_imported_when_it_is_needed() -> None:
    missing = Space(DOMAINS, constraints=["no_such_module:function"])
    with pytest.raises(SpaceError, match="'no_such_module:function' cannot be imported: No module named"):
        missing.satisfies({"a": 1})
    assert holds("operator:truth")


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ("operator", "import path is 'module:function', .*; received 'operator'"),
        (param("a") + 1, r"\(param\('a'\) \+ 1\) compares nothing; a constraint is a comparison"),
        (3, "Expected a constraint .*; received 3"),
        (param("d") <= 3, r"mentions 'd'; the space has 'a', 'b', 'c'"),
    ],
    ids=str,
)
def test_what_is_no_constraint_is_refused(constraint: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space(DOMAINS, constraints=[constraint])


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (lambda config: None, "returns True or False; received None of type NoneType"),
        ("sys:version", "which is no function"),
        ("operator:no_such", "'operator:no_such' cannot be imported"),
        (param("a") / (param("b") - 2) <= 1, "has no value for 4 and 0: division by zero"),
        (param("c") + 1 <= 3, r"needs numbers; received 'x' and 1"),
        (param("c") <= 3, r"compares numbers by size; received 'x' and 3"),
    ],
)
def test_a_constraint_that_cannot_be_evaluated_says_why(constraint: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        holds(constraint)


def test_mistakes_of_python_operators_are_caught() -> None:
    with pytest.raises(
        SpaceError, match=r"neither true nor false before there is a config. Join constraints by &"
    ):
        bool(param("a") <= 3)
    with pytest.raises(SpaceError, match="put each comparison in parentheses"):
        _ = (param("a") <= 3) & 4  # type: ignore[operator]  # wrong on purpose
    with pytest.raises(SpaceError, match="param names a hyperparameter by a str; received 3"):
        param(3)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(SpaceError, match="constraints is a list of constraints; received 'a:b'"):
        Space(DOMAINS, constraints="a:b")
