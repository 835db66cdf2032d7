"""When a hyperparameter exists: conditions on the value of another one.

The width of the third layer means nothing where there are two. A condition says so, and a config then
leaves the width out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hpo.errors import SpaceError
from hpo.space.values import Scalar, did_you_mean, listing, plain, same

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
_SIGNS = {"eq": "==", "ne": "!=", "ge": ">=", "gt": ">", "le": "<=", "lt": "<", "in_": "in"}

OPERATORS = tuple(_SIGNS)
"""The operators of a condition, as `Domain.when` takes them."""


@dataclass(frozen=True)
class Condition:
    """One comparison of the hyperparameter `name` with a fixed operand.

    Use `Domain.when`, which makes these; a domain with several needs all of them to hold. A condition on
    a hyperparameter that is itself inactive does not hold.

    Attributes:
        name: the hyperparameter that decides.
        operator: one of `eq ne ge gt le lt in_`.
        operand: a plain value; for `in_` a tuple of them.

    Example:
        >>> from hpo.space import Int
        >>> [condition] = Int(32, 1024).when("layers", ge=2).conditions
        >>> condition, str(condition)
        (Condition(name='layers', operator='ge', operand=2), 'layers >= 2')
    """

    name: str
    operator: str
    operand: Scalar | tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise SpaceError(f"A condition names a hyperparameter by a str; received {self.name!r}.")
        if self.operator not in OPERATORS:
            raise SpaceError(
                f"Unknown operator {self.operator!r} in a condition on {self.name!r}. "
                f"Expected one of {listing(OPERATORS)}.{did_you_mean(self.operator, OPERATORS)}"
            )
        if self.operator != "in_":
            object.__setattr__(self, "operand", plain(self.operand))
            return
        if not isinstance(self.operand, (list, tuple, set, frozenset, range)) or not self.operand:
            raise SpaceError(
                f"in_ takes a list of at least one value, for example in_=['sgd', 'adam']; "
                f"received {self.operand!r}."
            )
        object.__setattr__(self, "operand", tuple(plain(value) for value in self.operand))

    def __str__(self) -> str:
        shown = list(self.operand) if isinstance(self.operand, tuple) else self.operand
        return f"{self.name} {_SIGNS[self.operator]} {shown!r}"

    @property
    def is_order(self) -> bool:
        """Whether the operator needs an order: `ge gt le lt`."""
        return self.operator in _ORDER

    @property
    def operands(self) -> tuple[Scalar, ...]:
        """The operand, or the operands of `in_`, as a tuple."""
        return self.operand if isinstance(self.operand, tuple) else (self.operand,)

    def holds(self, value: Scalar, rank: Callable[[Scalar], float]) -> bool:
        """Whether `value` of the deciding hyperparameter meets the condition.

        Args:
            value: a valid value of that hyperparameter.
            rank: its `Domain.rank`, the place of a value in the order.
        """
        if self.is_order:
            return _ORDER[self.operator](rank(value), rank(self.operands[0]))
        among = any(same(value, operand) for operand in self.operands)
        return among != (self.operator == "ne")

    def to_json(self) -> dict[str, Any]:
        """The condition as `{"name": ..., operator: operand}`."""
        operand = list(self.operand) if isinstance(self.operand, tuple) else self.operand
        return {"name": self.name, self.operator: operand}


def conditions_from_json(document: object) -> tuple[Condition, ...]:
    """Read what a domain's `when` holds: a table with `name` and operators, or a list of such tables.

    Raises:
        SpaceError: it has another form, names no hyperparameter or an unknown operator.
    """
    tables = document if isinstance(document, list) else [document]
    conditions = []
    for table in tables:
        if not isinstance(table, Mapping) or "name" not in table or len(table) < 2:
            raise SpaceError(
                f"Expected a condition such as {{'name': 'num_layers', 'ge': 2}}; received {table!r}."
            )
        conditions += [Condition(table["name"], key, table[key]) for key in table if key != "name"]
    return tuple(conditions)
