"""The command line that was given, to be given again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import typer


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
