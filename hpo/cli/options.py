"""How an option is declared, what is made of the declarations, and options that several commands take."""

from __future__ import annotations

import inspect
import math
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from hpo.cli.failures import UsageError, failures_told

TUNED = "What is tuned"
LENGTH = "How long it takes"
PLACE = "Where it runs"
KEPT = "What is kept"
OUTPUT = "What is shown"

_PREFIXES = "kmgt"
_AMOUNT = re.compile(rf"(\d+(?:\.\d+)?)\s*(?:([{_PREFIXES}])(i)?)?b?", re.IGNORECASE)

Check = Callable[[Any], Any]
_Mark = TypeVar("_Mark")
_Options = TypeVar("_Options", bound="Options")


def option(panel: str | None, metavar: str, help: str, check: Check | None = None) -> Any:
    """An option with a value.

    Args:
        panel: the heading in the help under which it stands; None for the common one.
        metavar: what the help shows for the value.
        help: what it is for.
        check: returns the value or raises `typer.BadParameter`.
    """
    return typer.Option(metavar=metavar, rich_help_panel=panel, help=help, callback=check)


def flag(panel: str | None, name: str, help: str) -> Any:
    """An option without a value. It names itself, since Typer would add a `--no-` form to it otherwise."""
    return typer.Option(name, rich_help_panel=panel, help=help)


def _checked(holds: Callable[[Any], bool], expected: str) -> Check:
    """A check whose text says what was received, the same with every version of Typer; None passes."""

    def check(value: Any) -> Any:
        if value is not None and not holds(value):
            raise typer.BadParameter(f"it must be {expected}; received {value:g}.")
        return value

    return check


POSITIVE = _checked(lambda value: value >= 1, "at least 1")
NOT_NEGATIVE = _checked(lambda value: value >= 0, "at least 0")
ABOVE_ZERO = _checked(lambda value: value > 0 and math.isfinite(value), "a number above 0")
ABOVE_ONE = _checked(lambda value: value > 1 and math.isfinite(value), "a number above 1")
FINITE = _checked(math.isfinite, "a number that can be reached")

SpaceOption = Annotated[str | None, option(TUNED, "FILE", "TOML file with the space of your objective.")]
AllowFunctionOption = Annotated[
    list[str] | None,
    option(
        TUNED,
        "MODULE:FUNCTION",
        "A function that the file of --space names as a constraint, which may be imported and run; may be "
        "repeated.",
    ),
]
NoPlotOption = Annotated[bool, flag(KEPT, "--no-plot", "Save no picture.")]
JsonOption = Annotated[
    bool, flag(OUTPUT, "--json", "Print one JSON document, and nothing else, on standard output.")
]
TracebackOption = Annotated[
    bool, flag(OUTPUT, "--traceback", "Show where an error came from (also: HPO_DEBUG=1).")
]


@dataclass(frozen=True)
class Line:
    """Marks an option whose value stands in the header, after the option's name.

    Attributes:
        text: what stands there, with {} for the value, and names for what else the command knows.
        unless: a value that goes without saying, beside None.
    """

    text: str = "{}"
    unless: object = None


@dataclass(frozen=True)
class Entry:
    """Marks an option whose value stands in the JSON document, under the option's name."""


@dataclass(frozen=True)
class Part:
    """Marks an option of something that not every search has.

    Attributes:
        of: what it is, such as `scheduler`.
    """

    of: str


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command takes. Each field of a class that derives from this one is an option or an argument.

    The field's annotation says all about it: `Annotated[type, option(...)]`, and perhaps a `Line`, an `Entry`
    or a `Part`. The help, the signature that Typer reads, the header, the JSON document and the command that
    goes on are made of the fields, in their order.
    """

    subcommand: ClassVar[str]

    as_json: JsonOption = False
    traceback: TracebackOption = False

    @classmethod
    @cache
    def annotations(cls) -> dict[str, Any]:
        """The annotation of each option; those that all commands have come last."""
        hints, common = get_type_hints(cls, include_extras=True), [field.name for field in fields(Options)]
        names = [field.name for field in fields(cls)]
        return {name: hints[name] for name in sorted(names, key=lambda name: name in common)}

    def lines(self, *panels: str, **known: object) -> list[tuple[str, str]]:
        """The lines of the header, labels and texts.

        Args:
            panels: the headings in the help whose options are meant; all if none is given.
            known: what the texts name beside the value.
        """
        return [
            (name, line.text.format(value, **known))
            for name, line, value in self._marked(Line)
            if value not in (None, line.unless)
            and (not panels or self._declared(name).rich_help_panel in panels)
        ]

    def document(self) -> dict[str, Any]:
        """The entries of the JSON document."""
        return {name: value for name, _, value in self._marked(Entry)}

    def given(self, part: str) -> dict[str, Any]:
        """The options of a part that are not left to their defaults."""
        return {
            name: value
            for name, mark, value in self._marked(Part)
            if mark.of == part and not self._is_default(name, value)
        }

    def written(self, name: str) -> str:
        """An option as the user wrote it, such as `--keep best`."""
        value = getattr(self, name)
        return " ".join(self._words(name, f"{value:g}" if isinstance(value, float) else value))

    def again(self, **changed: Any) -> str:
        """The command with these options, as a shell reads it.

        Args:
            changed: options to replace, by name.
        """
        values = vars(self) | changed
        words = ["hpo", self.subcommand]
        for name in self.annotations():
            if not self._is_default(name, values[name]):
                words += self._words(name, values[name])
        return shlex.join(words)

    def _is_default(self, name: str, value: Any) -> bool:
        return bool(value == self.__dataclass_fields__[name].default)

    @classmethod
    @cache
    def typed(cls) -> dict[str, str]:
        """Each option as it is typed, by the name of its field: `{"resume": "--resume"}`."""
        return {
            name: cls._typed(name)
            for name in cls.annotations()
            if not isinstance(cls._declared(name), ArgumentInfo)
        }

    @classmethod
    def _typed(cls, name: str) -> str:
        declared = cls._declared(name)
        # A name that is given to `typer.Option` stands in the place of the default.
        return declared.default if isinstance(declared.default, str) else f"--{name.replace('_', '-')}"

    def _words(self, name: str, value: Any) -> list[str]:
        option = self._typed(name)
        if value is True:
            return [option]
        before = [] if isinstance(self._declared(name), ArgumentInfo) else [option]
        values = value if isinstance(value, list) else [value]
        return [word for one in values for word in (*before, str(one))]

    @classmethod
    def _declared(cls, name: str) -> ArgumentInfo | OptionInfo:
        declared: ArgumentInfo | OptionInfo = get_args(cls.annotations()[name])[1]
        return declared

    def _marked(self, kind: type[_Mark]) -> Iterator[tuple[str, _Mark, Any]]:
        for name, annotation in self.annotations().items():
            for mark in get_args(annotation)[2:]:
                if isinstance(mark, kind):
                    yield name, mark, getattr(self, name)


def command(options: type[_Options]) -> Callable[[Callable[[_Options], int]], Callable[..., None]]:
    """Turn a function that takes options and returns the exit code into one that Typer reads."""

    def decorate(work: Callable[[_Options], int]) -> Callable[..., None]:
        def run(**given: Any) -> None:
            chosen = options(**{name: getattr(value, "value", value) for name, value in given.items()})
            with failures_told(show_traceback=chosen.traceback, options=options.typed()):
                raise typer.Exit(work(chosen))

        # Typer reads the types from the annotations, and the order and the defaults from the signature.
        made: Any = run
        made.__name__, made.__doc__ = work.__name__, work.__doc__
        made.__annotations__ = {
            name: _without_literal(annotation) for name, annotation in options.annotations().items()
        }
        taken = inspect.signature(options).parameters
        made.__signature__ = inspect.Signature(
            [taken[name].replace(annotation=kind) for name, kind in made.__annotations__.items()]
        )
        return run

    return decorate


def _without_literal(annotation: Any) -> Any:
    """The annotation with an enumeration for `Literal[...] | None`, which Typer 0.12 does not know."""
    annotated: Any = Annotated
    enumeration: Any = Enum
    kind, *marks = get_args(annotation)
    for member in get_args(kind):
        if get_origin(member) is Literal:
            kind = enumeration("Choices", {value: value for value in get_args(member)}, type=str) | None
    return annotated[(kind, *marks)]


def read_size(text: str, option: str) -> int:
    """Bytes from a text such as `2GB`, `512 MiB` or `1.5g`.

    Args:
        text: a number, and a unit: kB, MB, GB, TB are powers of 1,000, KiB, MiB, GiB, TiB of 1,024.
        option: what it was given to.

    Raises:
        UsageError: it is no such text, or nothing.
    """
    match = _AMOUNT.fullmatch(text.strip())
    size = 0.0
    if match is not None:
        number, prefix, binary = match.groups()
        power = 0 if prefix is None else 1 + _PREFIXES.index(prefix.lower())
        size = float(number) * (1024 if binary else 1000) ** power
    if size < 1:
        raise UsageError(
            f"{option} takes an amount of memory such as 2GB, 512MB or 1.5GiB; received {text!r}."
        )
    return int(size)
