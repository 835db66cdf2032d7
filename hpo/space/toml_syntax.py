"""What the library says of a space in Python, as it is written in a TOML file."""

from __future__ import annotations

import ast
import dataclasses
import json

from hpo.space.choices import Choice, Constant, Ordinal
from hpo.space.domain import Domain
from hpo.space.floats import Float
from hpo.space.ints import Int
from hpo.syntax import reworded

_DOMAINS: dict[str, type[Domain]] = {each.__name__: each for each in (Float, Int, Choice, Ordinal, Constant)}
_WORDS = {"True": "true", "False": "false"}


def as_written_in_toml(text: str) -> str:
    """The text with domains, arguments and truth values as a TOML file has them.

    Example:
        >>> as_written_in_toml("Write Choice([16, 32]), or use log=False.")
        'Write {type = "choice", options = [16, 32]}, or use log = false.'
    """
    return reworded(text, argument=_key, call=_table, word=_WORDS.get, table=_value)


def _key(name: str, value: ast.expr | None) -> str:
    return name if value is None else f"{name} = {_value(value)}"


def _table(name: str, call: ast.Call) -> str | None:
    """A domain as a table, and a condition as the key that makes it."""
    entries = [(keyword.arg, _value(keyword.value)) for keyword in call.keywords if keyword.arg]
    last = name.rpartition(".")[2]
    if last == "when" and call.args:
        return f"when = {_inline([('name', _value(call.args[0])), *entries])}"
    if last in _DOMAINS:
        kind = _DOMAINS[last]
        names = [field.name for field in dataclasses.fields(kind) if field.init and not field.kw_only]
        named = list(zip(names, map(_value, call.args), strict=False))
        return _inline([("type", json.dumps(kind.kind)), *named, *entries])
    if name.startswith("scipy.stats."):
        return _inline(
            [("distribution", json.dumps(last)), ("args", f"[{', '.join(map(_value, call.args))}]")]
        )
    return None


def _inline(entries: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name} = {value}" for name, value in entries) + "}"


def _value(value: ast.expr) -> str:
    if isinstance(value, (ast.List, ast.Tuple)):
        return f"[{', '.join(map(_value, value.elts))}]"
    if isinstance(value, ast.Dict) and all(isinstance(key, ast.Constant) for key in value.keys):
        keys = [str(key.value) for key in value.keys if isinstance(key, ast.Constant)]
        return _inline(list(zip(keys, map(_value, value.values), strict=True)))
    if isinstance(value, ast.Constant) and isinstance(value.value, (bool, str)):
        return json.dumps(value.value, ensure_ascii=False)
    # A name stands for what the reader fills in.
    return "..." if isinstance(value, ast.Name) else ast.unparse(value)
