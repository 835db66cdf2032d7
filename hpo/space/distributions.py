"""Frozen `scipy.stats` distributions as domains, continuous and discrete.

`scipy.stats` takes half a second to import, so nothing here imports it to look at a value. An object of it
can exist only where the user has imported it already.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo.errors import SpaceError
from hpo.space.domain import UNIT_HIGH, UNIT_LOW, Domain
from hpo.space.values import NO_DEFAULT, Scalar, did_you_mean, integer, real_number

_LARGEST_INTEGER = 2.0**53
"""Floating-point numbers hold every integer up to here, and not every one beyond."""

_REACHED = 2.0**-40
"""A bound is reached if the outermost quantile of the cube is this near to it, as a share of that half."""


def is_frozen(value: object) -> bool:
    """Whether `value` is a `scipy.stats` distribution with its arguments: `scipy.stats.norm(0, 1)`."""
    stats = sys.modules.get("scipy.stats")
    return stats is not None and isinstance(value, stats.distributions.rv_frozen)


def is_family(value: object) -> bool:
    """Whether `value` is a `scipy.stats` distribution without its arguments: `scipy.stats.norm`."""
    stats = sys.modules.get("scipy.stats")
    return stats is not None and isinstance(value, (stats.rv_continuous, stats.rv_discrete))


@dataclass(frozen=True, repr=False, eq=False)
class Distribution(Domain):
    """A frozen `scipy.stats` distribution, continuous or over the integers.

    `Space` wraps frozen distributions by itself; write it out for `when` and `default`. Values of a
    continuous one are `float`, of a discrete one `int`. Round trips are as accurate as SciPy's own
    `ppf` and `cdf`. Custom distributions work, except in JSON.

    Args:
        frozen: the distribution, called with its arguments.
        default: the value where none was chosen.

    Example:
        >>> import scipy.stats
        >>> Distribution(scipy.stats.randint(16, 257)).decode([0.0, 1.0])
        [16, 256]

    Raises:
        SpaceError: `frozen` is not frozen, its arguments are arrays, NaN or outside of what the
            distribution takes, it is discrete over something else than integers, or the default is
            outside of its support.
    """

    kind: ClassVar[str] = "scipy"

    frozen: Any

    def __post_init__(self) -> None:
        if is_family(self.frozen):
            name, shapes = self.frozen.name, self.frozen.shapes or "loc, scale"
            raise SpaceError(
                f"scipy.stats.{name} is not frozen: it is a distribution without its arguments. "
                f"Call it with them: scipy.stats.{name}({shapes})."
            )
        if not is_frozen(self.frozen):
            raise SpaceError(f"Expected a frozen scipy.stats distribution; received {self.frozen!r}.")
        for value in [*self.frozen.args, *self.frozen.kwds.values()]:
            if not _is_argument(value):
                raise SpaceError(
                    f"The arguments of {self._call} are numbers, one each and not NaN; received {value!r}. "
                    "Give each hyperparameter a distribution of its own."
                )
        # SciPy takes arguments out of their range, and answers with NaN.
        median = self._ppf(np.array([0.5]))[0]
        if np.isnan([median, *self._support]).any():
            raise SpaceError(f"The arguments of {self._call} make no distribution: its median is NaN.")
        if self.is_discrete and not all(float(value).is_integer() for value in [median, *self._points]):
            raise SpaceError(
                f"{self._call} is discrete over numbers that are no integers; list them in an Ordinal."
            )
        super().__post_init__()

    @functools.cached_property
    def is_discrete(self) -> bool:
        """Whether the values are integers."""
        return isinstance(self.frozen.dist, sys.modules["scipy.stats"].rv_discrete)

    @property
    def is_ordered(self) -> bool:
        """Always `True`."""
        return True

    @property
    def bounds(self) -> tuple[Scalar, Scalar]:
        """The support, as `scipy.stats` gives it; infinite where it has no end."""
        low, high = self._support
        if not self.is_discrete:
            return low, high
        return int(low) if math.isfinite(low) else low, int(high) if math.isfinite(high) else high

    @property
    def size(self) -> float:
        """The number of integers in the support; infinity for a continuous distribution."""
        if len(self._points):
            return len(self._points)
        low, high = self._support
        return int(high - low) + 1 if self.is_discrete and math.isfinite(high - low) else math.inf

    @property
    def expected(self) -> str:
        """For messages: `a number from 0.0 to 1.0, the support of scipy.stats.uniform(0, 1)`."""
        low, high = self.bounds
        noun = "an integer" if self.is_discrete else "a number"
        return f"{noun} from {low!r} to {high!r}, the support of {self._call}"

    def validate(self, value: object) -> Scalar:
        """Return `value` as a `float`, or an `int` if the distribution is discrete.

        Raises:
            SpaceError: it is no finite number, or outside of the support.
        """
        what = f"The value of {self._call}"
        number: float = integer(value, what) if self.is_discrete else real_number(value, what)
        low, high = self._support
        if not low <= number <= high or (len(self._points) and number not in self._points):
            raise SpaceError(
                f"Expected {self.expected}; received {number!r}. Widen the domain or change the value."
            )
        return number

    def quantiles(self, unit: NDArray[np.float64]) -> list[Scalar]:
        """Quantiles, finite and inside of the support.

        The ends of the clipped unit interval give a bound itself where the distribution reaches it
        (`uniform`, the lower end of `expon`), and a number inside where it does not (`lognorm`).
        """
        low, high = self._support
        # SciPy's quantiles may leave the support: randint(16, 257).ppf(0) is 15.
        values = np.clip(self._ppf(unit), low, high)
        if self.is_discrete:
            # An infinite one too: poisson.ppf(1).
            finite = np.clip(values, -_LARGEST_INTEGER, _LARGEST_INTEGER)
            return [int(value) for value in np.rint(finite).tolist()]
        if np.isinf(values).any():
            values = np.clip(values, *self._farthest)
        if (unit <= UNIT_LOW).any() or (unit >= UNIT_HIGH).any():
            reaches_low, reaches_high = self._reached
            values[(unit <= UNIT_LOW) & reaches_low] = low
            values[(unit >= UNIT_HIGH) & reaches_high] = high
        listed: list[Scalar] = values.tolist()
        return listed

    def positions(self, values: Sequence[float]) -> NDArray[np.float64]:
        """The cdf; of a discrete distribution the middles of its steps."""
        numbers = np.array(values, dtype=np.float64)
        # Far out, SciPy's formulas overflow on their way to a cdf of 0 or 1.
        with np.errstate(all="ignore"):
            upper = np.asarray(self.frozen.cdf(numbers), dtype=np.float64)
            if not self.is_discrete:
                return upper
            lower = np.asarray(self.frozen.cdf(numbers - 1), dtype=np.float64)
        return (lower + upper) / 2

    def arguments(self) -> dict[str, Any]:
        """The distribution by name and arguments, infinite ones as strings.

        Raises:
            SpaceError: it is a custom one, which has no name that could be looked up.
        """
        if not self._is_named:
            raise SpaceError(
                f"{self._call} is a custom distribution: JSON holds distributions by their name in "
                "scipy.stats, and it is not there under its name. It works in memory only."
            )
        document = {
            "name": self.frozen.dist.name,
            "args": [_argument_to_json(value) for value in self.frozen.args],
            "kwds": {name: _argument_to_json(value) for name, value in self.frozen.kwds.items()},
        }
        return document if self.default is NO_DEFAULT else {**document, "default": self.default}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Distribution:
        """Build the distribution from `name`, `args`, `kwds` and `default`.

        Raises:
            SpaceError: no distribution in `scipy.stats` has that name, or it does not take the arguments.
        """
        for key in arguments:
            if key not in ("name", "args", "kwds", "default"):
                raise SpaceError(
                    f"A scipy distribution has no {key!r}; it takes 'name', 'args', 'kwds', "
                    "'default', for example args = [0.0001, 1]."
                )
        family = _family(arguments.get("name"))
        args, kwds = arguments.get("args", []), arguments.get("kwds", {})
        if not isinstance(args, (list, tuple)) or not isinstance(kwds, Mapping):
            raise SpaceError(f"args is a list and kwds a table; received args={args!r}, kwds={kwds!r}.")
        try:
            frozen = family(
                *[_argument_from_json(value) for value in args],
                **{name: _argument_from_json(value) for name, value in kwds.items()},
            )
        except TypeError as error:
            raise SpaceError(
                f"scipy.stats.{family.name} does not take args={list(args)!r}, kwds={dict(kwds)!r}: {error}"
            ) from error
        return cls(frozen, default=arguments.get("default", NO_DEFAULT))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        default = "" if self.default is NO_DEFAULT else f", default={self.default!r}"
        return f"Distribution({self._call}{default}){self._conditions_shown()}"

    @property
    def _call(self) -> str:
        given = [repr(_plain_argument(value)) for value in self.frozen.args]
        given += [f"{name}={_plain_argument(value)!r}" for name, value in self.frozen.kwds.items()]
        prefix = "scipy.stats." if self._is_named else ""
        return f"{prefix}{self.frozen.dist.name or type(self.frozen.dist).__name__}({', '.join(given)})"

    @property
    def _identity(self) -> tuple[object, ...]:
        # A frozen distribution compares by identity. One with a name is what its name and arguments say.
        if not self._is_named:
            return self.frozen, self.default, self.conditions
        args = tuple(_plain_argument(value) for value in self.frozen.args)
        kwds = tuple((name, _plain_argument(self.frozen.kwds[name])) for name in sorted(self.frozen.kwds))
        return self.frozen.dist.name, args, kwds, self.default, self.conditions

    @functools.cached_property
    def _is_named(self) -> bool:
        # SciPy copies the family when it freezes it, so the type is what tells.
        named = getattr(sys.modules["scipy.stats"], str(self.frozen.dist.name), None)
        return is_family(named) and type(named) is type(self.frozen.dist)

    @functools.cached_property
    def _support(self) -> tuple[float, float]:
        low, high = self.frozen.support()
        return float(low), float(high)

    @functools.cached_property
    def _points(self) -> frozenset[float]:
        """The values of a distribution over listed ones; empty for every other."""
        return frozenset(np.asarray(getattr(self.frozen.dist, "xk", [])).tolist())

    @functools.cached_property
    def _reached(self) -> tuple[bool, bool]:
        lowest, median, highest = self._ppf(np.array([UNIT_LOW, 0.5, UNIT_HIGH])).tolist()
        low, high = self._support
        return (
            math.isfinite(low) and lowest - low <= _REACHED * (median - low),
            math.isfinite(high) and high - highest <= _REACHED * (high - median),
        )

    @functools.cached_property
    def _farthest(self) -> tuple[float, float]:
        """The farthest finite quantiles: halfnorm's formula is infinite at 1 - 2^-53, not at 1 - 2^-52."""
        tail = UNIT_LOW * 2.0 ** np.arange(53)
        quantiles = self._ppf(np.concatenate([tail, 1 - tail]))
        finite = quantiles[np.isfinite(quantiles)]
        return float(finite.min()), float(finite.max())

    def _ppf(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        # Far out, SciPy's formulas overflow on their way to an infinite quantile, which is then clipped.
        with np.errstate(all="ignore"):
            return np.array(self.frozen.ppf(unit), dtype=np.float64)


def _family(name: object) -> Any:
    import scipy.stats

    known = [
        each
        for each in dir(scipy.stats)
        if not each.startswith("_") and is_family(getattr(scipy.stats, each, None))
    ]
    if name not in known:
        raise SpaceError(
            f"scipy.stats has no distribution named {name!r}; expected one such as 'loguniform', "
            f"'uniform', 'norm', 'randint'.{did_you_mean(name, known)}"
        )
    return getattr(scipy.stats, str(name))


def _plain_argument(value: Any) -> Any:
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.size == 1 else value


def _is_argument(value: object) -> bool:
    value = _plain_argument(value)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _argument_to_json(value: Any) -> float | str:
    # truncnorm and others take infinite bounds, which JSON has no number for.
    number: float = _plain_argument(value)
    return number if math.isfinite(number) else str(number)


def _argument_from_json(value: object) -> object:
    return float(value) if isinstance(value, str) and value in ("inf", "-inf") else value
