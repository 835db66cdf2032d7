"""What the library says in Python, as it is typed on the command line."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable, Mapping

from hpo.syntax import reworded

RENAMED = {"num_trials": "trials"}
"""Arguments of functions whose options have other names."""

WITH_NONE = {"give_up_after": "never"}
"""What an option takes for None."""

COMMANDS = {"hpo.check_port": "hpo check-port", "hpo.compare_backends": "hpo compare"}
"""Functions that are commands, too."""

_ENDS = {"Patience": "patience", "Target": "target"}
"""The options that make a stop rule."""


def as_typed(text: str, options: Mapping[str, str], *, verbatim: Iterable[str] = ()) -> str:
    """The text with arguments of Python functions as options of the command.

    What the command has no option for stays as it is.

    Args:
        text: an error, a warning or a note of the library.
        options: the options of this command by the name of their argument, such as `{"resume": "--resume"}`.
        verbatim: parts that stay as they are, such as what a user's function raised.

    Example:
        >>> as_typed("Say num_trials=20, or resume=True.", {"trials": "--trials", "resume": "--resume"})
        'Say --trials 20, or --resume.'
    """
    kept = [part for part in verbatim if part]
    if kept:
        parts = re.split(f"({'|'.join(map(re.escape, kept))})", text)
        return "".join(part if part in kept else as_typed(part, options) for part in parts)

    def argument(name: str, value: ast.expr | None) -> str | None:
        return _option(name, value, options)

    def call(name: str, made: ast.Call) -> str | None:
        return _command(name, made, options)

    def word(name: str) -> str | None:
        if name in COMMANDS:
            return COMMANDS[name]
        # A word without an underscore is a word of the language, too.
        return options.get(RENAMED.get(name, name)) if "_" in name else None

    return reworded(text, argument=argument, call=call, word=word)


def _option(name: str, value: ast.expr | None, options: Mapping[str, str]) -> str | None:
    if name == "weights" and "own_weights" in options:
        option = options["own_weights"]
        return option if _literal(value) == "own" else f"leaving {option} out"
    if name == "stop":
        return _stop(value, options)
    option = options.get(RENAMED.get(name, name), "")
    if not option:
        return None
    if value is None:
        return option
    if isinstance(value, ast.Constant) and isinstance(value.value, bool):
        return option if value.value else f"leaving {option} out"
    if isinstance(value, ast.Constant) and value.value is None:
        return f"{option} {WITH_NONE[name]}" if name in WITH_NONE else f"leaving {option} out"
    words = _words(value)
    # What is no plain value has no form there: the option says enough.
    return option if words is None else " ".join(f"{option} {word}" for word in words)


def _stop(value: ast.expr | None, options: Mapping[str, str]) -> str | None:
    if value is None:
        return " or ".join(options[name] for name in _ENDS.values() if name in options) or None
    if isinstance(value, ast.Call):
        option = options.get(_ENDS.get(ast.unparse(value.func).rpartition(".")[2], ""))
        return None if option is None else " ".join([option, *(_words(ast.List(value.args)) or [])])
    return None


def _words(value: ast.expr) -> list[str] | None:
    """The values of an option that may be given several times, as a shell reads them; None if it cannot."""
    if isinstance(value, ast.Dict):
        keys = [_word(key) for key in value.keys if key is not None]
        words = [_word(each) for each in value.values]
        if len(keys) < len(words) or None in keys or None in words:
            return None
        # A layout without a side is the batch's.
        return [
            f"{word}" if key == "batch" else f"{key}={word}" for key, word in zip(keys, words, strict=True)
        ]
    entries = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
    words = [_word(each) for each in entries]
    plain = [word for word in words if word is not None]
    return plain if plain and len(plain) == len(words) else None


def _word(value: ast.expr) -> str | None:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return shlex.quote(value.value)
    if isinstance(value, (ast.Constant, ast.Name, ast.UnaryOp)):
        return ast.unparse(value)
    return None


def _literal(value: ast.expr | None) -> object:
    return value.value if isinstance(value, ast.Constant) else None


def _command(name: str, made: ast.Call, options: Mapping[str, str]) -> str | None:
    """What stands for the call of a function."""
    # The commands that read have no form of a space.
    if name == "hpo.load_study" and not made.keywords:
        return " ".join(["hpo show", *(_words(ast.List(made.args)) or [])])
    if name == "space.with_functions" and "allow_function" in options and isinstance(made.args[0], ast.Dict):
        paths = [_word(key) for key in made.args[0].keys if key is not None]
        return " ".join(f"{options['allow_function']} {path}" for path in paths)
    return None
