"""Constraints: what a space requires of a whole config, beyond the range of each value.

A constraint is a tree of names (`param("a") <= param("b")`), the import path of a function, or a function.
"""

from __future__ import annotations

import functools
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from hpo.errors import SpaceError
from hpo.space.expressions import Expression, Relation, relation_from_json
from hpo.space.values import Scalar, did_you_mean, listing


class Constraint(ABC):
    """A condition that every config of a space meets.

    Attributes:
        is_imported_late: whether code is imported only when the first config is checked.

    Example:
        >>> import hpo
        >>> from hpo.space import Constraint
        >>> class Fits(Constraint):
        ...     def holds(self, config):
        ...         return config["width"] * config["depth"] <= 64
        ...
        ...     def to_json(self):
        ...         return {"function": "limits:fits"}
        >>> space = hpo.Space({"width": hpo.Int(1, 64), "depth": hpo.Int(1, 4)}, constraints=[Fits()])
        >>> space.satisfies({"width": 16, "depth": 4}), space.satisfies({"width": 32, "depth": 4})
        (True, False)
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
    """A function by its import path, `module:function`.

    A program may write one, and it is imported when it is first needed. In a file it is a name and no more:
    nothing that is read is run, so the program passes the function.

    Attributes:
        path: the import path.
        function: the function; None for the one that is there.
        is_from_file: whether a file names it, and not the program.
    """

    is_imported_late: ClassVar[bool] = True

    path: str
    function: Callable[[dict[str, Scalar]], object] | None = field(default=None, compare=False, repr=False)
    is_from_file: bool = field(default=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        module, colon, function = self.path.partition(":")
        if not (module and colon and function):
            raise SpaceError(
                f"A constraint's import path is 'module:function', for example 'mypackage.limits:fits'; "
                f"received {self.path!r}."
            )

    def __repr__(self) -> str:
        return repr(self.path)

    @property
    def is_missing(self) -> bool:
        """Whether a file names the function and the program did not pass it."""
        return self.is_from_file and self.function is None

    def holds(self, config: Mapping[str, Scalar]) -> bool:
        """Whether the function returns true for a copy of the config.

        Raises:
            SpaceError: the function was not passed, cannot be imported, or returns something else than a
                bool.
        """
        return _verdict(self._found(dict(config)), self)

    def to_json(self) -> dict[str, Any]:
        """`{"function": path}`."""
        return {"function": self.path}

    @functools.cached_property
    def _found(self) -> Callable[[dict[str, Scalar]], object]:
        if self.is_missing:
            raise not_passed([self.path])
        return import_function(self.path) if self.function is None else self.function


def not_passed(paths: Sequence[str]) -> SpaceError:
    """The error for functions that a file names and the program did not pass."""
    passed = ", ".join(f"{path!r}: function" for path in paths)
    return SpaceError(
        f"The space was read, and its constraints name {listing(paths)}. Nothing that is read is imported or "
        f"run. If you trust it, pass the function: space.with_functions({{{passed}}})."
    )


def import_function(path: str) -> Callable[[dict[str, Scalar]], object]:
    """The function of an import path, `module:function`.

    Raises:
        SpaceError: it cannot be imported, or is no function.
    """
    module, _, name = path.partition(":")
    try:
        found = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        raise SpaceError(f"The constraint {path!r} cannot be imported: {error}") from error
    if not callable(found):
        raise SpaceError(f"The constraint {path!r} is {found!r}, which is no function.")
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

    A function stays a name: nothing that is read is imported.

    Raises:
        SpaceError: it has another form.
    """
    if isinstance(document, str):
        return PathConstraint(document, is_from_file=True)
    if isinstance(document, Mapping) and set(document) == {"function"}:
        return PathConstraint(str(document["function"]), is_from_file=True)
    return TreeConstraint(relation_from_json(document))


def _verdict(result: object, constraint: Constraint) -> bool:
    # Not by truth: a function that forgets its `return` would turn every config down.
    if not isinstance(result, (bool, np.bool_)):
        raise SpaceError(
            f"The constraint {constraint!r} returns True or False; received {result!r} of type "
            f"{type(result).__name__}."
        )
    return bool(result)
