"""Domains that list their values: choices without an order, ordinals with one, and constants."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo.errors import SpaceError
from hpo.space.domain import Domain
from hpo.space.values import Scalar, did_you_mean, is_number, listing, plain, same


class Listed(Domain):
    """What `Choice` and `Ordinal` share: values in a row, each with the same probability."""

    @property
    @abstractmethod
    def listed(self) -> Sequence[Scalar]:
        """The values."""

    @property
    def is_discrete(self) -> bool:
        """Always `True`."""
        return True

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.listed)

    @property
    def expected(self) -> str:
        """For messages: `one of 'relu', 'tanh'`."""
        return f"one of {listing(self.listed)}"

    def validate(self, value: object) -> Scalar:
        """Return the listed value that equals `value`; True and 1 are not the same.

        Raises:
            SpaceError: it is not listed.
        """
        return self.listed[self.index(value)]

    def quantiles(self, unit: NDArray[np.float64]) -> list[Scalar]:
        """Quantiles, in the order of the list; the unit interval is cut into equal steps."""
        steps = np.minimum((unit * self.size).astype(np.intp), self.size - 1)
        return [self.listed[step] for step in steps.tolist()]

    def positions(self, values: Sequence[Scalar]) -> NDArray[np.float64]:
        """The middles of the values' steps."""
        return (np.array([self.index(value) for value in values], dtype=np.float64) + 0.5) / self.size

    def index(self, value: object) -> int:
        """Where in the list `value` stands.

        Raises:
            SpaceError: it is not listed.
        """
        found = plain(value)
        index = self._indices.get((isinstance(found, bool), found))
        if index is None:
            near = did_you_mean(found, [option for option in self.listed if isinstance(option, str)])
            raise SpaceError(f"Expected {self.expected}; received {found!r}.{near}")
        return index

    @functools.cached_property
    def _indices(self) -> dict[tuple[bool, Scalar], int]:
        # The key keeps True and 1 apart.
        return {(isinstance(value, bool), value): index for index, value in enumerate(self.listed)}


@dataclass(frozen=True, repr=False)
class Choice(Listed):
    """One of several options without an order, each with the same probability.

    Args:
        options: a sequence of at least one plain value (number, string, True, False, None), no two equal.
        default: the option where none was chosen.

    Example:
        >>> Choice(["relu", "tanh"]).decode([0.2, 0.8])
        ['relu', 'tanh']

    Raises:
        SpaceError: there are no options, two are equal, one is no plain value, or the default is not
            among them.
    """

    kind: ClassVar[str] = "choice"

    options: Sequence[Scalar]

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", checked_list(self.options, "Choice"))
        super().__post_init__()

    @property
    def listed(self) -> Sequence[Scalar]:
        """The options."""
        return self.options

    @property
    def is_ordered(self) -> bool:
        """Always `False`."""
        return False

    @property
    def bounds(self) -> None:
        """Always `None`."""
        return


@dataclass(frozen=True, repr=False)
class Ordinal(Listed):
    """One of several values in an order, each with the same probability.

    The order is the one they are given in; conditions such as `ge` compare by it.

    Args:
        values: a sequence of at least one plain value, no two equal. Numbers must ascend or descend.
        default: the value where none was chosen.

    Example:
        >>> Ordinal(["small", "medium", "large"]).decode([0.5])
        ['medium']

    Raises:
        SpaceError: there are no values, two are equal, one is no plain value, numbers are out of order, or
            the default is not among them.
    """

    kind: ClassVar[str] = "ordinal"

    values: Sequence[Scalar]

    def __post_init__(self) -> None:
        values = checked_list(self.values, "Ordinal")
        numbers = [float(value) for value in values if is_number(value)]  # type: ignore[arg-type]  # it is one
        if len(numbers) == len(values) and numbers not in (sorted(numbers), sorted(numbers, reverse=True)):
            raise SpaceError(
                f"The numbers of an Ordinal ascend or descend; received {listing(values)}. "
                "Sort them, or use a Choice if they have no order."
            )
        object.__setattr__(self, "values", values)
        super().__post_init__()

    @property
    def listed(self) -> Sequence[Scalar]:
        """The values."""
        return self.values

    @property
    def is_ordered(self) -> bool:
        """Always `True`."""
        return True

    @property
    def bounds(self) -> tuple[Scalar, Scalar]:
        """The first and the last value."""
        return self.values[0], self.values[-1]

    def rank(self, value: Scalar) -> float:
        """The index of `value` in the order.

        Raises:
            SpaceError: it is not listed.
        """
        return self.index(value)


@dataclass(frozen=True, repr=False)
class Constant(Domain):
    """One value that is in every config but is not searched; it is its own default.

    In a mapping that is given to `Space`, a bare scalar becomes one.

    Args:
        value: a plain value (number, string, True, False, None).

    Example:
        >>> Constant(16).decode([0.1, 0.9])
        [16, 16]

    Raises:
        SpaceError: it is no plain value.
    """

    kind: ClassVar[str] = "constant"

    value: Scalar
    default: Scalar = field(default=None, init=False)

    def __post_init__(self) -> None:
        # Without the check of the base class: the only value is the default.
        object.__setattr__(self, "value", plain(self.value))
        object.__setattr__(self, "default", self.value)

    @property
    def is_discrete(self) -> bool:
        """Always `True`."""
        return True

    @property
    def is_ordered(self) -> bool:
        """Always `False`."""
        return False

    @property
    def bounds(self) -> None:
        """Always `None`."""
        return

    @property
    def size(self) -> int:
        """Always 1."""
        return 1

    @property
    def expected(self) -> str:
        """For messages: `the constant 16`."""
        return f"the constant {self.value!r}"

    def validate(self, value: object) -> Scalar:
        """Return the constant.

        Raises:
            SpaceError: `value` is another one.
        """
        if not same(plain(value), self.value):
            raise SpaceError(f"Expected {self.expected}; received {value!r}.")
        return self.value

    def quantiles(self, unit: NDArray[np.float64]) -> list[Scalar]:
        """The constant, n times."""
        return [self.value] * len(unit)

    def positions(self, values: Sequence[Scalar]) -> NDArray[np.float64]:
        """0.5, n times."""
        return np.full(len(values), 0.5)


def checked_list(values: object, what: str) -> tuple[Scalar, ...]:
    """Return the values of a listed domain as a tuple of plain ones, after checking them."""
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if not isinstance(values, (list, tuple, range)):
        raise SpaceError(f"{what} takes a list of values, for example {what}([16, 32]); received {values!r}.")
    if not values:
        raise SpaceError(f"{what} needs at least one value; received an empty list.")
    checked = tuple(plain(value) for value in values)
    for index, value in enumerate(checked):
        if value in checked[:index]:
            earlier = checked[checked.index(value)]
            raise SpaceError(
                f"The values of a {what} differ from each other; received {earlier!r} and {value!r}, "
                "which are equal."
            )
    return checked
