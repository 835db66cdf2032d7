"""Domains: distributions with a quantile function, seen through the unit interval.

Every searcher works on uniform numbers in the unit interval. A domain turns them into values under the user's
prior, and back. Third parties add a domain by subclassing `Domain`.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hpo.errors import SpaceError
from hpo.space.conditions import Condition
from hpo.space.values import NO_DEFAULT, NoDefault, Scalar, did_you_mean, is_number, listing

UNIT_LOW = 2.0**-53
"""The lowest point of the clipped unit interval; the quantile of 0 may be infinite."""

UNIT_HIGH = 1.0 - 2.0**-53
"""The highest point of the clipped unit interval."""

_ABSENT: Any = object()
_Self = TypeVar("_Self", bound="Domain")


def clipped(
    numbers: NDArray[np.float64], low: float = UNIT_LOW, high: float = UNIT_HIGH
) -> NDArray[np.float64]:
    """Clip numbers to two bounds."""
    # For the few numbers of a proposal `np.clip` takes five times as long.
    return np.asarray(np.minimum(np.maximum(numbers, low), high))


@dataclass(frozen=True, repr=False)
class Domain(ABC):
    """The range and the prior of one hyperparameter.

    A subclass is a frozen dataclass that checks its arguments in `__post_init__`, sets `kind`, and
    implements the abstract members; `repr`, equality and JSON follow from its fields. It takes `default=`
    without a line of its own; a `__post_init__` ends with `super().__post_init__()`, which checks it.

    Args:
        default: the value where none was chosen, such as the one that was used before the search.

    Attributes:
        kind: the name of the class in JSON and TOML.
        conditions: when the hyperparameter exists; empty means always. All must hold. See `when`.
        default: a plain value of the domain, or `NO_DEFAULT`; `None` is a value.

    Raises:
        SpaceError: the default is not in the domain.

    Example:
        >>> from dataclasses import dataclass
        >>> import numpy as np
        >>> import hpo
        >>> from hpo.errors import SpaceError
        >>> @dataclass(frozen=True, repr=False)
        ... class PowerOfTwo(hpo.space.Domain):
        ...     kind, is_discrete, is_ordered, expected = "power_of_two", True, True, "a power of two"
        ...     largest: int  # its exponent
        ...     bounds = property(lambda self: (1, 2**self.largest))
        ...     size = property(lambda self: self.largest + 1)
        ...
        ...     def validate(self, value):
        ...         if value not in [2**exponent for exponent in range(self.size)]:
        ...             raise SpaceError(f"Expected {self.expected}; received {value!r}.")
        ...         return int(value)
        ...
        ...     def quantiles(self, unit):
        ...         return [2 ** int(place * self.size) for place in unit]
        ...
        ...     def positions(self, values):
        ...         return (np.log2(values) + 0.5) / self.size
        >>> units = PowerOfTwo(5, default=8)
        >>> units, units.decode([0, 0.5, 1]), units.contains(12)
        (PowerOfTwo(5, default=8), [1, 8, 32], False)
        >>> hpo.Space({"units": units}).sample(seed=0, n=3)
        [{'units': 16}, {'units': 1}, {'units': 1}]
    """

    kind: ClassVar[str]
    conditions: tuple[Condition, ...] = field(default=(), init=False)
    default: Scalar | NoDefault = field(default=NO_DEFAULT, kw_only=True)

    def __post_init__(self) -> None:
        given = self.default
        if given is NO_DEFAULT:
            return
        # The message below shows the domain, which cannot have a default yet that is not in it.
        object.__setattr__(self, "default", NO_DEFAULT)
        try:
            valid = self.validate(given)
        except SpaceError as error:
            raise SpaceError(f"The default of {self!r} is not in it: {error}") from error
        object.__setattr__(self, "default", valid)

    @property
    @abstractmethod
    def is_discrete(self) -> bool:
        """Whether the values can be counted."""

    @property
    @abstractmethod
    def is_ordered(self) -> bool:
        """Whether neighbouring points of the unit interval mean neighbouring values."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[Scalar, Scalar] | None:
        """The lowest and the highest value, infinite where there is none; `None` without an order."""

    @property
    @abstractmethod
    def size(self) -> float:
        """The number of values, an `int`, or infinity."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """What a value must be, as an error message says it: `an integer from 1 to 6`."""

    @abstractmethod
    def validate(self, value: object) -> Scalar:
        """Return `value` as the plain Python value that a config holds.

        Raises:
            SpaceError: it is not in the domain.
        """

    @abstractmethod
    def quantiles(self, unit: NDArray[np.float64]) -> list[Scalar]:
        """The values at the points `unit`, shape (n,), which lie in [`UNIT_LOW`, `UNIT_HIGH`]."""

    @abstractmethod
    def positions(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """The places in the unit interval of valid values: the cdf, or the middle of a step of it."""

    def decode(self, unit: ArrayLike) -> list[Scalar]:
        """Turn points of the unit interval, shape (n,), into n values.

        Points are clipped to [2^-53, 1 - 2^-53], so that no value is infinite.

        Example:
            >>> from hpo.space import Int
            >>> Int(1, 4).decode([0.0, 0.3, 1.0])
            [1, 2, 4]

        Raises:
            SpaceError: `unit` is not one-dimensional or holds NaN.
        """
        points = np.asarray(unit, dtype=np.float64)
        if points.ndim != 1:
            raise SpaceError(f"decode takes points of shape (n,); received shape {points.shape}.")
        # NaN passes every clip, and would become some value or other.
        if np.isnan(points).any():
            raise SpaceError("decode takes numbers from 0 to 1; received NaN.")
        return self.quantiles(clipped(points))

    def encode(self, values: Sequence[object]) -> NDArray[np.float64]:
        """Turn n values into points of the unit interval, shape (n,).

        `decode(encode(values))` returns a discrete value exactly. A continuous one comes back within
        4 units in the last place, of the value or of the point, whichever is coarser: where the cdf is
        flat, one point stands for many values.

        Example:
            >>> from hpo.space import Int
            >>> Int(1, 4).encode([1, 4]).tolist()
            [0.125, 0.875]

        Raises:
            SpaceError: a value is not in the domain.
        """
        positions = self.positions([self.validate(value) for value in values])
        # A bound has the cdf 0 or 1, outside of the interval that searchers work in.
        return clipped(positions)

    def contains(self, value: object) -> bool:
        """Whether `value` is in the domain."""
        try:
            self.validate(value)
        except SpaceError:
            return False
        return True

    def rank(self, value: Scalar) -> float:
        """The place of `value` in the order that conditions compare by: the number itself.

        Raises:
            SpaceError: the value has no place in an order.
        """
        if not is_number(value):
            raise SpaceError(f"{value!r} cannot be compared by size in {self!r}; use eq, ne or in_.")
        return float(value)  # type: ignore[arg-type]  # checked above

    def when(
        self: _Self,
        name: str,
        *,
        eq: Scalar = _ABSENT,
        ne: Scalar = _ABSENT,
        ge: Scalar = _ABSENT,
        gt: Scalar = _ABSENT,
        le: Scalar = _ABSENT,
        lt: Scalar = _ABSENT,
        in_: Sequence[Scalar] = _ABSENT,
    ) -> _Self:
        """The same domain for a hyperparameter that exists only where another one says so.

        Args:
            name: the hyperparameter that decides; it must be in the same space.
            eq: it equals this.
            ne: it differs from this.
            ge: it is at least this; an `Ordinal` compares by its order.
            gt: it is above this.
            le: it is at most this.
            lt: it is below this.
            in_: it is one of these.

        Example:
            >>> from hpo.space import Int
            >>> Int(32, 1024, log=True).when("num_layers", ge=2)
            Int(32, 1024, log=True).when('num_layers', ge=2)

        Raises:
            SpaceError: no operator is given, or an operand is no plain value.
        """
        given = {"eq": eq, "ne": ne, "ge": ge, "gt": gt, "le": le, "lt": lt, "in_": in_}
        added = tuple(
            Condition(name, operator, operand)  # type: ignore[arg-type]  # checks it
            for operator, operand in given.items()
            if operand is not _ABSENT
        )
        if not added:
            raise SpaceError(
                f"when({name!r}) compares nothing: give an operator, for example when({name!r}, ge=2)."
            )
        return self.with_conditions(*self.conditions, *added)

    def with_conditions(self: _Self, *conditions: Condition) -> _Self:
        """The same domain with exactly these conditions; none makes it unconditional."""
        # Past the constructor, which takes no conditions: a subclass need not know of them.
        changed = copy.copy(self)
        object.__setattr__(changed, "conditions", conditions)
        return changed

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments that rebuild the domain, as JSON values; no `default` if there is none."""
        given = {each.name: getattr(self, each.name) for each in self._parameters()}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if value is not NO_DEFAULT
        }

    @classmethod
    def from_arguments(cls: type[_Self], arguments: Mapping[str, Any]) -> _Self:
        """Build the domain from what `arguments` returned.

        Raises:
            SpaceError: an argument is missing, unknown or wrong.
        """
        known = cls._parameters()
        names = [each.name for each in known]
        for name in arguments:
            if name not in names:
                raise SpaceError(
                    f"A domain of type {cls.kind!r} has no {name!r}; it takes {listing(names)}."
                    f"{did_you_mean(name, names)}"
                )
        missing = [each.name for each in known if not each.kw_only and each.name not in arguments]
        if missing:
            raise SpaceError(f"A domain of type {cls.kind!r} needs {listing(missing)}.")
        return cls(**arguments)

    @classmethod
    def _parameters(cls) -> list[Field[Any]]:
        """The fields that the constructor takes; the default, which the base class declares, goes last."""
        return sorted((each for each in fields(cls) if each.init), key=lambda each: each.name == "default")

    def __repr__(self) -> str:
        given = self._parameters()
        shown = {name: repr(value) for name, value in self.arguments().items()}
        parts = [shown[each.name] for each in given if not each.kw_only]
        parts += [
            f"{each.name}={shown[each.name]}"
            for each in given
            if each.kw_only and getattr(self, each.name) != each.default
        ]
        return f"{type(self).__name__}({', '.join(parts)}){self._conditions_shown()}"

    def _conditions_shown(self) -> str:
        shown = [
            f".when({each.name!r}, {each.operator}={each.to_json()[each.operator]!r})"
            for each in self.conditions
        ]
        return "".join(shown)
