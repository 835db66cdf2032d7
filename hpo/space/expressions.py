"""Constraints as trees of names: `param("a") + param("b") <= 10`.

A tree is data: it shows what it says, it goes through JSON, and it can be evaluated without running
a user's code.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from hpo.errors import SpaceError
from hpo.space.values import Scalar, is_number, plain, same

_Result = TypeVar("_Result")

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}


class Node(ABC):
    """A node of a tree. Two are the same tree if their JSON is the same."""

    @property
    @abstractmethod
    def names(self) -> frozenset[str]:
        """The hyperparameters that the tree mentions."""

    @abstractmethod
    def to_json(self) -> Any:
        """The tree as JSON values."""


@dataclass(frozen=True, eq=False, repr=False)
class Pair(Node):
    """Two nodes with an operator between them."""

    operator: str
    left: Node
    right: Node

    def __repr__(self) -> str:
        return f"({self.left!r} {self.operator} {self.right!r})"

    @property
    def names(self) -> frozenset[str]:
        """The names of both sides."""
        return self.left.names | self.right.names

    def to_json(self) -> dict[str, Any]:
        """`{"op": ..., "left": ..., "right": ...}`."""
        return {"op": self.operator, "left": self.left.to_json(), "right": self.right.to_json()}


_Operator: TypeAlias = "Callable[[Expression, Expression | Scalar], _Result]"


def _arithmetic(sign: str) -> tuple[_Operator[Arithmetic], _Operator[Arithmetic]]:
    """The methods of an operator of numbers: for the expression on its left, and on its right."""

    def forward(self: Expression, other: Expression | Scalar) -> Arithmetic:
        return Arithmetic(sign, self, as_expression(other))

    def reflected(self: Expression, other: Expression | Scalar) -> Arithmetic:
        return Arithmetic(sign, as_expression(other), self)

    return forward, reflected


def _comparison(sign: str) -> _Operator[Inequality]:
    """The method of a comparison; for an expression on the right Python reverses the comparison itself."""

    def compare(self: Expression, other: Expression | Scalar) -> Inequality:
        return Inequality(sign, self, as_expression(other))

    return compare


class Expression(Node):
    """Something with a value: arithmetic makes another expression, a comparison makes a `Relation`.

    Example:
        >>> import hpo
        >>> size = hpo.param("width") * (hpo.param("depth") + 1)
        >>> size, size.value({"width": 64, "depth": 3})
        ((param('width') * (param('depth') + 1)), 256)
    """

    @abstractmethod
    def value(self, config: Mapping[str, Scalar]) -> Scalar:
        """The value for a config that holds all `names`."""

    __add__, __radd__ = _arithmetic("+")
    __sub__, __rsub__ = _arithmetic("-")
    __mul__, __rmul__ = _arithmetic("*")
    __truediv__, __rtruediv__ = _arithmetic("/")
    __floordiv__, __rfloordiv__ = _arithmetic("//")
    __mod__, __rmod__ = _arithmetic("%")
    __le__ = _comparison("<=")
    __lt__ = _comparison("<")
    __ge__ = _comparison(">=")
    __gt__ = _comparison(">")
    __eq__ = _comparison("==")  # type: ignore[assignment]  # an expression and no bool
    __ne__ = _comparison("!=")  # type: ignore[assignment]  # likewise

    # A minus sign is a product, so that JSON needs no operator with one side.
    def __neg__(self) -> Arithmetic:
        return Arithmetic("*", Literal(-1), self)

    # `==` makes a tree and compares nothing, which takes Python's own hash away.
    def __hash__(self) -> int:
        return hash(str(self.to_json()))


@dataclass(frozen=True, eq=False)
class Reference(Expression):
    """The value of a hyperparameter; see `param`."""

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise SpaceError(f"param names a hyperparameter by a str; received {self.name!r}.")

    def __repr__(self) -> str:
        return f"param({self.name!r})"

    @property
    def names(self) -> frozenset[str]:
        """The name."""
        return frozenset([self.name])

    def value(self, config: Mapping[str, Scalar]) -> Scalar:
        """The value in the config."""
        return config[self.name]

    def to_json(self) -> dict[str, str]:
        """`{"param": name}`."""
        return {"param": self.name}


@dataclass(frozen=True, eq=False)
class Literal(Expression):
    """A fixed value."""

    literal: Scalar

    def __post_init__(self) -> None:
        object.__setattr__(self, "literal", plain(self.literal))

    def __repr__(self) -> str:
        return repr(self.literal)

    @property
    def names(self) -> frozenset[str]:
        """None."""
        return frozenset()

    def value(self, config: Mapping[str, Scalar]) -> Scalar:
        """The literal."""
        return self.literal

    def to_json(self) -> Scalar:
        """The literal."""
        return self.literal


@dataclass(frozen=True, eq=False, repr=False)
class Arithmetic(Pair, Expression):
    """Two numbers joined by one of `+ - * / // %`."""

    left: Expression
    right: Expression

    def value(self, config: Mapping[str, Scalar]) -> Scalar:
        """The number.

        Raises:
            SpaceError: a side is no number, or the right one is 0 under a division.
        """
        left, right = self.left.value(config), self.right.value(config)
        if not (is_number(left) and is_number(right)):
            raise SpaceError(f"{self!r} needs numbers; received {left!r} and {right!r}.")
        try:
            result: Scalar = _ARITHMETIC[self.operator](left, right)
        except (ZeroDivisionError, OverflowError) as error:
            raise SpaceError(f"{self!r} has no value for {left!r} and {right!r}: {error}.") from error
        return result


class Relation(Node):
    """A statement that holds or not. Join two by `&` and `|`, negate one by `~`.

    Example:
        >>> import hpo
        >>> fits = (hpo.param("width") <= 64) | ~(hpo.param("depth") > 2)
        >>> fits.holds({"width": 128, "depth": 2}), fits.holds({"width": 128, "depth": 3})
        (True, False)
        >>> space = hpo.Space({"width": hpo.Int(1, 128), "depth": hpo.Int(1, 4)}, constraints=[fits])
        >>> all(fits.holds(config) for config in space.sample(seed=0, n=20))
        True
    """

    @abstractmethod
    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether it holds for a config that has all `names`."""

    def __and__(self, other: Relation) -> Relation:
        return Joined("and", self, other)

    def __or__(self, other: Relation) -> Relation:
        return Joined("or", self, other)

    def __invert__(self) -> Relation:
        return Inverted(self)

    # For `a and b` and `1 <= a <= 3` Python asks for a truth value, and would drop a part of the constraint.
    def __bool__(self) -> bool:
        raise SpaceError(
            f"{self!r} is neither true nor false before there is a config. Join constraints by & and | and "
            "in parentheses, not by `and`, `or` or a chain such as 1 <= param('a') <= 3."
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Relation):
            return NotImplemented
        # By text, in which True and 1 differ.
        return str(self.to_json()) == str(other.to_json())

    def __hash__(self) -> int:
        return hash(str(self.to_json()))


@dataclass(frozen=True, eq=False, repr=False)
class Inequality(Pair, Relation):
    """Two values compared by one of `<= < >= > == !=`."""

    left: Expression
    right: Expression

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether the comparison holds.

        Raises:
            SpaceError: values that are no numbers are compared by size.
        """
        left, right = self.left.value(config), self.right.value(config)
        if self.operator not in _ORDER:
            return same(left, right) == (self.operator == "==")
        if not (is_number(left) and is_number(right)):
            raise SpaceError(f"{self!r} compares numbers by size; received {left!r} and {right!r}.")
        return _ORDER[self.operator](left, right)


@dataclass(frozen=True, eq=False, repr=False)
class Joined(Pair, Relation):
    """Two relations joined by `and` or `or`."""

    left: Relation
    right: Relation

    def __post_init__(self) -> None:
        for side in (self.left, self.right):
            if not isinstance(side, Relation):
                raise SpaceError(
                    f"& and | join constraints such as (param('a') <= 3); received {side!r}. "
                    "They bind tighter than a comparison: put each comparison in parentheses."
                )

    def __repr__(self) -> str:
        return f"({self.left!r} {'&' if self.operator == 'and' else '|'} {self.right!r})"

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether both hold, or one of them."""
        if self.operator == "and":
            return self.left.holds(config) and self.right.holds(config)
        return self.left.holds(config) or self.right.holds(config)


@dataclass(frozen=True, eq=False)
class Inverted(Relation):
    """A negated relation."""

    relation: Relation

    def __repr__(self) -> str:
        return f"~{self.relation!r}"

    @property
    def names(self) -> frozenset[str]:
        """The names of the relation."""
        return self.relation.names

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether the relation does not hold."""
        return not self.relation.holds(config)

    def to_json(self) -> dict[str, Any]:
        """`{"op": "not", "left": ...}`."""
        return {"op": "not", "left": self.relation.to_json()}


def param(name: str) -> Reference:
    """Refer to the value of the hyperparameter `name` in a constraint.

    Example:
        >>> param("width") * param("depth") <= 4096
        ((param('width') * param('depth')) <= 4096)

    Raises:
        SpaceError: `name` is no str.
    """
    return Reference(name)


def as_expression(value: object) -> Expression:
    """Make a plain value a `Literal`; an expression stays one.

    Raises:
        SpaceError: it is neither.
    """
    return value if isinstance(value, Expression) else Literal(plain(value))


def relation_from_json(document: object) -> Relation:
    """Read a relation from its JSON.

    Raises:
        SpaceError: it is of another form.
    """
    operation, left, right = _parts(document)
    if operation in ("and", "or"):
        return Joined(operation, relation_from_json(left), relation_from_json(right))
    if operation == "not":
        return Inverted(relation_from_json(left))
    if operation in (*_ORDER, "==", "!="):
        return Inequality(operation, _expression_from_json(left), _expression_from_json(right))
    raise SpaceError(f"Unknown operator {operation!r} in a constraint; received {document!r}.")


def _expression_from_json(document: object) -> Expression:
    if not isinstance(document, Mapping):
        return as_expression(document)
    if set(document) == {"param"}:
        return param(document["param"])
    operation, left, right = _parts(document)
    if operation not in _ARITHMETIC:
        raise SpaceError(f"Unknown operator {operation!r} in a constraint; received {document!r}.")
    return Arithmetic(operation, _expression_from_json(left), _expression_from_json(right))


def _parts(document: object) -> tuple[str, Any, Any]:
    expected = {"op", "left"} if isinstance(document, Mapping) and document.get("op") == "not" else None
    if not isinstance(document, Mapping) or set(document) != (expected or {"op", "left", "right"}):
        raise SpaceError(
            "Expected a constraint such as {'op': '<=', 'left': {'param': 'a'}, 'right': 10}; "
            f"received {document!r}."
        )
    if not isinstance(document["op"], str):
        raise SpaceError(f"The operator of a constraint is a str; received {document['op']!r}.")
    return document["op"], document["left"], document.get("right")
