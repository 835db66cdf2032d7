"""How an option is written down, and those that several subcommands take."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

import typer

TUNED = "What is tuned"
LENGTH = "How long it takes"
PLACE = "Where it runs"
KEPT = "What is kept"
OUTPUT = "What is shown"

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
