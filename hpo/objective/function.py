"""What can be tuned: a function of a config, and what counts as its result."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np

from hpo.backend import registry
from hpo.errors import ObjectiveError
from hpo.objective.context import CurrentTrial
from hpo.objective.reads import own_copy

Result: TypeAlias = "float | dict[str, float]"
"""A number, or several by name."""

LAST_EPOCH = 2**63 - 1
"""The largest number that every storage has for an epoch."""

UNNAMED = ""
"""Stands in a result of several numbers for the metric that the study optimises."""

_FORMS = "a number, a dict of numbers, a generator of these, or nothing after hpo.report(...)"


class ResultError(ObjectiveError):
    """What an objective returned or reported is no result; the text is the reason why its trial failed."""


class NotFiniteError(ResultError):
    """What an objective returned or reported is NaN or infinite."""


@dataclass(frozen=True)
class Traits:
    """What an objective may declare about itself, by attributes of these names.

    They are attributes of the function, or of a callable object or its class.

    Attributes:
        resource: the unit that its reports count; None declares that it never reports on its way.
        max_epochs: how many epochs it trains by default, where it has no parameter of that name.
        takes_framework_random: whether it may draw from the framework's own generator, which is then seeded
            before each trial and epoch.
        space: the `hpo.Space` that is searched by default, as the tasks of `hpo.tasks` have one.
    """

    resource: str | None = "epoch"
    max_epochs: int | None = None
    takes_framework_random: bool = True
    space: object = None

    @classmethod
    def of(cls, function: object) -> Traits:
        """What a function declares, with the defaults for what it does not."""
        found: dict[str, Any] = {
            each.name: getattr(function, each.name, each.default) for each in fields(cls)
        }
        return cls(**found)


class Objective:
    """A function that a search calls with configs.

    Args:
        function: takes a config, and as a second positional parameter without a default, or as a
            parameter named `trial`, the current trial. A parameter `max_epochs` receives how many epochs
            the study's scheduler grants; in a generator function, which can be paused on its way, how many
            a full training has. Without a scheduler it keeps its default, as all other parameters do. The
            function returns a number (anything of size one that `float()` takes, so also an array or a
            tensor), a dict of numbers, a generator that yields either once per epoch, or nothing if it
            called `hpo.report`.

    Attributes:
        function: as it was given.
        takes_max_epochs: whether it has a parameter `max_epochs` of its own.
        can_wait: whether it is a generator function, which trains on after a pause.
        max_epochs: how many epochs it trains by default: that of its parameter `max_epochs`, or of its own
            attribute; None where it does not say.
        reports_epochs: whether it may report epochs, see `Traits.resource`.
        takes_framework_random: whether it may draw from the framework's own generator, see `Traits`.

    Example:
        >>> Objective(lambda config: config["x"] ** 2)({"x": 3}, CurrentTrial())
        9

    Raises:
        TypeError: it is not callable, or it has parameters that would stay empty.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(
                "The objective is a function that takes a config and returns a number, for example "
                f'lambda config: (config["x"] - 1) ** 2; received {function!r} of type '
                f"{type(function).__name__}."
            )
        self.function = function
        self._by_position, self._by_name = _trial_parameter(function)
        self.takes_max_epochs = _takes_max_epochs(function)
        self.can_wait = _is_generator_function(function)
        traits = Traits.of(function)
        self.max_epochs = _default_epochs(function, traits.max_epochs)
        self.reports_epochs = traits.resource is not None
        self.takes_framework_random = bool(traits.takes_framework_random)

    def check_space(self, names: Container[str]) -> None:
        """See whether the function takes its hyperparameters from the config.

        Raises:
            TypeError: its parameters are hyperparameters, and the second would get the trial.
        """
        # f(lr, units) instead of f(config): the trial would be taken for a hyperparameter.
        second = self._by_position and list(inspect.signature(self.function).parameters)[1]
        if second and second != "trial" and second in names:
            raise TypeError(
                f"The objective gets its hyperparameters as one dict, its first argument, and the current "
                f"trial as its second; the parameter {second!r} of {_shown(self.function)} is a "
                f"hyperparameter. Write def objective(config) and take config[{second!r}], or unpack the "
                f"config: lambda config: objective(**config)."
            )

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Any:
        """Call the function with a copy of `config`, and with `trial` and `max_epochs` if it wants them."""
        mine = own_copy(config)
        arguments = (mine, trial) if self._by_position else (mine,)
        keywords: dict[str, Any] = {"trial": trial} if self._by_name else {}
        if self.takes_max_epochs and trial.max_epochs is not None:
            # A generator pauses at a `yield`, so it may be told the length of a full training. A plain
            # function cannot pause: it trains what is granted now.
            in_full = self.can_wait and trial.final_epoch is not None
            keywords["max_epochs"] = trial.final_epoch if in_full else trial.max_epochs
        return self.function(*arguments, **keywords)


def read_number(value: object) -> float:
    """Read a number of any kind as a float: Python's, NumPy's, a tensor of size one.

    Raises:
        ResultError: it is none: a string, a bool, complex, None, or of another size than one.
    """
    # Most results are floats, and `numbers` is slow.
    if type(value) is float:
        return value
    if (name := registry.compiling(value)) is not None:
        raise ResultError(
            f"it gave a {type(value).__name__} that {name} traced to compile a function, which has no "
            f"number. Let the compiled function return it, and report what it returns"
        )
    if isinstance(value, np.ndarray) and value.size != 1:
        raise ResultError(f"it gave an array of shape {value.shape}, where one number was expected")
    plain = _plain(value)
    if not isinstance(plain, (str, bytes, bytearray, bool, np.bool_)) and (
        isinstance(plain, numbers.Real) or hasattr(plain, "__float__") or hasattr(plain, "__index__")
    ):
        try:
            return float(plain)  # type: ignore[arg-type]  # it has __float__ or __index__
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise ResultError(f"it gave {_described(value)}, which is no number: {error}") from error
    raise ResultError(f"it gave {_described(value)}, where {_FORMS} was expected")


def check_not_compiling() -> None:
    """Refuse a report from inside of a function that a framework compiles.

    Raises:
        ResultError: it would be made once, while the function is traced, and never again.
    """
    name = registry.compiling()
    if name is not None:
        raise ResultError(
            f"hpo.report() was called inside of a function that {name} compiles: it would be made once, "
            f"while the function is traced, and not when it runs. Let the function return the metric, and "
            f"report that outside of it"
        )


def read_result(value: object) -> Result:
    """A final result: a number or, without its `epoch`, a dict of numbers.

    Raises:
        ResultError: it is neither; the text says what was received.
    """
    if not isinstance(value, Mapping):
        return read_number(value)
    metrics: dict[str, float] = {}
    # A report may carry its epoch in the same dict, see `read_report`.
    for name, number in value.items():
        if not isinstance(name, str):
            raise ResultError(f"it named a metric {name!r}, where a str was expected")
        if name == "epoch":
            continue
        try:
            metrics[name] = read_number(number)
        except ResultError as error:
            raise ResultError(f"of the metric {name!r}, {error}") from error
    if not metrics:
        raise ResultError(f"it gave {dict(value)!r}, a dict without a metric")
    return metrics


def read_report(value: object, epoch: int | None = None) -> tuple[int | None, Result]:
    """The epoch and the result of a report; the epoch may be the dict's entry `epoch`.

    Raises:
        ResultError: the value is no result, or the epoch no integer of at least 1.
    """
    if epoch is None and isinstance(value, Mapping):
        epoch = value.get("epoch")
    if epoch is not None:
        epoch = _read_epoch(epoch)
    return epoch, read_result(value)


def _read_epoch(epoch: object) -> int:
    # Not by way of a float, which has no room for every integer.
    plain = _plain(epoch)
    is_whole = isinstance(plain, numbers.Integral) and not isinstance(plain, bool)
    number: Any = plain if is_whole else read_number(epoch)
    if not (is_whole or (math.isfinite(number) and number == int(number))) or number < 1:
        raise ResultError(f"it reported epoch {_shortened(epoch)}, where an integer from 1 was expected")
    return check_epoch(int(number))


def check_epoch(number: int) -> int:
    """Return the number of an epoch that a log can hold.

    Raises:
        ResultError: it is beyond 2**63 - 1.
    """
    if number > LAST_EPOCH:
        raise ResultError(
            f"it reported epoch {_shortened(number)}, and the last one that a log can hold is 2**63 - 1"
        )
    return number


def _plain(value: object) -> object:
    """The scalar inside of an array or tensor of size one of whatever framework."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.item()
    if isinstance(value, (int, float, str, bytes, numbers.Number)) or value is None:
        return value
    # By what they can do and not by class, as no framework is imported here.
    for inside in ("item", "numpy", "asscalar"):
        method = getattr(value, inside, None)
        if callable(method):
            try:
                found = method()
            except Exception as error:
                raise ResultError(
                    f"it gave {_described(value)}, where one number was expected: {error}"
                ) from error
            return _plain(found) if found is not value else value
    return value


def _described(value: object) -> str:
    if value is None:
        return "None without a report"
    return f"{_shortened(value)} of type {type(value).__name__}"


def _shortened(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of thousands of digits
        return "a very large integer"
    return text if len(text) <= 60 else text[:57] + "..."


def _trial_parameter(function: Callable[..., Any]) -> tuple[bool, bool]:
    """Whether the function takes the trial as its second positional argument, or by name."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some builtins have no signature
        return False, False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not positional and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise TypeError(
            f"The objective takes a config as its first parameter; {_shown(function)} takes none."
        )
    # A parameter that is called max_epochs is not meant for the trial.
    second = positional[1] if len(positional) > 1 and positional[1].name != "max_epochs" else None
    by_position = second is not None and second.default is inspect.Parameter.empty
    named = [p for p in parameters if p.name == "trial" and p not in positional[:1]]
    by_name = not by_position and any(p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) for p in named)
    filled = [*positional[: 1 + by_position], *(named if by_name else [])]
    for parameter in parameters:
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is inspect.Parameter.empty and parameter not in filled and not variadic:
            raise TypeError(
                "The objective takes a config and, if it wants it, the current trial; nothing fills the "
                f"parameter {parameter.name!r} of {_shown(function)}. Give it a default, or bind it: "
                f"functools.partial(objective, {parameter.name}=...). A hyperparameter is taken from the "
                f"config: config[{parameter.name!r}]."
            )
    return by_position, by_name


def _takes_max_epochs(function: Callable[..., Any]) -> bool:
    """Whether a keyword `max_epochs` is the function's own, and not the config or the trial."""
    try:
        parameter = inspect.signature(function).parameters.get("max_epochs")
    except (TypeError, ValueError):
        return False
    if parameter is None or parameter.default is inspect.Parameter.empty:
        return False
    return parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _is_generator_function(function: Callable[..., Any]) -> bool:
    # A callable object has its generator in `__call__`.
    return inspect.isgeneratorfunction(function) or inspect.isgeneratorfunction(type(function).__call__)


def _default_epochs(function: Callable[..., Any], declared: int | None) -> int | None:
    """How many epochs the function trains by default; None if it does not declare that."""
    try:
        parameter = inspect.signature(function).parameters.get("max_epochs")
    except (TypeError, ValueError):
        parameter = None
    default = declared if parameter is None else parameter.default
    # A default of None, or of any other kind, says nothing.
    is_count = isinstance(default, int) and not isinstance(default, bool) and default >= 1
    return default if is_count else None


def _shown(function: Callable[..., Any]) -> str:
    return f"{getattr(function, '__qualname__', type(function).__name__)}{inspect.signature(function)}"
