"""How an option is written down and read, and those that several subcommands take."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

import typer

from hpo.cli.failures import UsageError

TUNED = "What is tuned"
LENGTH = "How long it takes"
PLACE = "Where it runs"
KEPT = "What is kept"
OUTPUT = "What is shown"

_PREFIXES = "kmgt"
_AMOUNT = re.compile(rf"(\d+(?:\.\d+)?)\s*(?:([{_PREFIXES}])(i)?)?b?", re.IGNORECASE)

Check = Callable[[Any], Any]


def option(panel: str | None, metavar: str, help: str, check: Check | None = None) -> Any:
    """An option with a value.

    Args:
        panel: the heading in the help under which it stands; None for the common one.
        metavar: what the help shows for the value.
        help: what it is for.
        check: gives the value back or raises `typer.BadParameter`.
    """
    return typer.Option(metavar=metavar, rich_help_panel=panel, help=help, callback=check)


def flag(panel: str | None, name: str, help: str) -> Any:
    """An option without a value; its name is given, as Typer would make its opposite, too."""
    return typer.Option(name, rich_help_panel=panel, help=help)


def _checked(holds: Callable[[Any], bool], expected: str) -> Check:
    """A check that says what was received, in the words of every Typer; no value is taken as it is."""

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

StorageArgument = Annotated[
    str, typer.Argument(metavar="FILE", show_default=False, help="The storage, such as study.db.")
]
NameArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        show_default=False,
        help="What the study is called; may be left out if there is only one.",
    ),
]
SpaceOption = Annotated[str | None, option(TUNED, "FILE", "TOML file with the space of your objective.")]
NoPlotOption = Annotated[bool, flag(KEPT, "--no-plot", "Save no picture.")]
JsonOption = Annotated[
    bool, flag(OUTPUT, "--json", "Print one JSON document, and nothing else, on standard output.")
]
TracebackOption = Annotated[
    bool, flag(OUTPUT, "--traceback", "Show where an error came from (also: HPO_DEBUG=1).")
]


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


@dataclass(frozen=True)
class CommandLine:
    """A command and what was given to it, by the names of the function's parameters.

    Attributes:
        words: the command itself, such as `("hpo", "run")`.
        given: what the user gave; what was left to its default is not there.
        options: how each option is written; None for an argument without a name.
    """

    words: tuple[str, ...]
    given: dict[str, Any]
    options: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, context: typer.Context) -> CommandLine:
        """The command line that is being carried out."""
        given, options = {}, {}
        for parameter in context.command.params:
            name = str(parameter.name)
            options[name] = None if parameter.param_type_name == "argument" else parameter.opts[0]
            source = context.get_parameter_source(name)
            if source is not None and source.name == "COMMANDLINE":
                given[name] = context.params[name]
        return cls(tuple(context.command_path.split()), given, options)

    def again(self, **changed: Any) -> str:
        """The same once more, as a shell reads it.

        Args:
            changed: parameters that are to be other ones; True for a flag, None to leave one out.
        """
        words = list(self.words)
        values = self.given | changed
        for name in [name for name in self.options if values.get(name) is not None]:
            value, option = values[name], self.options[name]
            value = value.value if isinstance(value, Enum) else value
            if option is None:
                words.append(str(value))
            elif isinstance(value, bool):
                words += [option] if value else []
            else:
                words += [option, str(value)]
        return shlex.join(words)
