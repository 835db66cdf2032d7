"""Constraints: what a space requires of a whole config, beyond the range of each value.

A constraint is a tree of names (`param("a") <= param("b")`), the import path of a function, or a function.
"""

from __future__ import annotations

import functools
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hpo.errors import SpaceError
from hpo.space.expressions import Expression, Relation, relation_from_json
from hpo.space.values import Scalar, did_you_mean, listing


class Constraint(ABC):
    """A condition that every config of a space meets.

    Attributes:
        is_imported_late: whether code is imported only when the first config is checked.
    """

    is_imported_late: ClassVar[bool] = False

    @abstractmethod
    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether the config meets it."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The constraint as JSON values."""


@dataclass(frozen=True)
class TreeConstraint(Constraint):
    """A tree of names. It holds where a hyperparameter that it mentions is inactive."""

    relation: Relation

    def __repr__(self) -> str:
        return repr(self.relation)

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether the tree holds, or a name in it is inactive."""
        # Else every constraint on a conditional hyperparameter would have to name its condition again.
        return not self.relation.names <= config.keys() or self.relation.holds(config)

    def to_json(self) -> dict[str, Any]:
        """The tree."""
        document: dict[str, Any] = self.relation.to_json()
        return document


@dataclass(frozen=True)
class PathConstraint(Constraint):
    """A function by its import path, `module:function`; imported when it is first needed."""

    is_imported_late: ClassVar[bool] = True

    path: str

    def __post_init__(self) -> None:
        module, colon, function = self.path.partition(":")
        if not (module and colon and function):
            raise SpaceError(
                f"A constraint's import path is 'module:function', for example 'mypackage.limits:fits'; "
                f"received {self.path!r}."
            )

    def __repr__(self) -> str:
        return repr(self.path)

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether the function returns true for a copy of the config.

        Raises:
            SpaceError: the function cannot be imported, or returns something else than a bool.
        """
        return _verdict(self._function(dict(config)), self)

    def to_json(self) -> dict[str, Any]:
        """`{"function": path}`."""
        return {"function": self.path}

    @functools.cached_property
    def _function(self) -> Callable[[dict[str, Scalar]], object]:
        module, _, name = self.path.partition(":")
        try:
            found = functools.reduce(getattr, name.split("."), importlib.import_module(module))
        except (ImportError, AttributeError) as error:
            raise SpaceError(f"The constraint {self.path!r} cannot be imported: {error}") from error
        if not callable(found):
            raise SpaceError(f"The constraint {self.path!r} is {found!r}, which is no function.")
        function: Callable[[dict[str, Scalar]], object] = found
        return function


@dataclass(frozen=True)
class FunctionConstraint(Constraint):
    """A function in memory. JSON cannot hold it."""

    function: Callable[[dict[str, Scalar]], object]

    def __repr__(self) -> str:
        return getattr(self.function, "__qualname__", repr(self.function))

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether the function returns true for a copy of the config.

        Raises:
            SpaceError: it returns something else than a bool.
        """
        return _verdict(self.function(dict(config)), self)

    def to_json(self) -> dict[str, Any]:
        """Refuse.

        Raises:
            SpaceError: always; code does not go into JSON.
        """
        raise SpaceError(
            f"The constraint {self!r} is a function in memory, which JSON cannot hold. Write it as a tree, "
            "hpo.param('a') <= hpo.param('b'), or give its import path, 'module:function'."
        )


def as_constraint(value: object) -> Constraint:
    """Make what a user wrote a constraint: a tree, an import path or a function.

    Raises:
        SpaceError: it is something else.
    """
    if isinstance(value, Constraint):
        return value
    if isinstance(value, Relation):
        return TreeConstraint(value)
    if isinstance(value, str):
        return PathConstraint(value)
    if isinstance(value, Expression):
        raise SpaceError(
            f"{value!r} compares nothing; a constraint is a comparison, such as {value!r} <= 10."
        )
    if callable(value):
        return FunctionConstraint(value)
    raise SpaceError(
        "Expected a constraint (a comparison such as hpo.param('a') <= 10, an import path "
        f"'module:function', or a function of the config); received {value!r}."
    )


def check_names(constraint: Constraint, known: Collection[str]) -> None:
    """Refuse a tree that mentions a hyperparameter which the space does not have."""
    if isinstance(constraint, TreeConstraint):
        for name in sorted(constraint.relation.names):
            if name not in known:
                raise SpaceError(
                    f"The constraint {constraint!r} mentions {name!r}; the space has {listing(known)}."
                    f"{did_you_mean(name, known)}"
                )


def constraint_from_json(document: object) -> Constraint:
    """Read a constraint from its JSON.

    A function is not imported before a config is checked.

    Raises:
        SpaceError: it has another form.
    """
    if isinstance(document, str):
        return PathConstraint(document)
    if isinstance(document, Mapping) and set(document) == {"function"}:
        return as_constraint(str(document["function"]))
    return TreeConstraint(relation_from_json(document))


def _verdict(result: object, constraint: Constraint) -> bool:
    # Not by truth: a function that forgets its `return` would turn every config down.
    if not isinstance(result, (bool, np.bool_)):
        raise SpaceError(
            f"The constraint {constraint!r} returns True or False; received {result!r} of type "
            f"{type(result).__name__}."
        )
    return bool(result)
