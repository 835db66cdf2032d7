"""What the kinds of figures draw, for a help that loads no NumPy."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path


def described_kinds() -> list[tuple[str, str]]:
    """Each kind of `hpo.plots.KINDS` with what it draws: the first sentence of its function's docstring.

    It is read from the source, as importing the figures loads NumPy, for which a help should not wait.

    Example:
        >>> dict(described_kinds())["cost"]
        'The value of each trial against the seconds that it took.'
    """
    found = find_spec("hpo.plots")
    [folder] = [] if found is None else found.submodule_search_locations or []
    source = _parsed(Path(folder) / "kinds.py")
    homes = {
        alias.name: Path(folder) / f"{(node.module or '').rpartition('.')[2]}.py"
        for node in source.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    [table] = [node.value for node in source.body if isinstance(node, ast.AnnAssign)]
    kinds: dict[ast.expr | None, ast.expr] = (
        dict(zip(table.keys, table.values, strict=True)) if isinstance(table, ast.Dict) else {}
    )
    return [
        (kind.value, _drawn(homes[function.id], function.id))
        for kind, function in kinds.items()
        if isinstance(kind, ast.Constant) and isinstance(kind.value, str) and isinstance(function, ast.Name)
    ]


def _drawn(path: Path, name: str) -> str:
    """What a function of a file draws."""
    functions = [node for node in _parsed(path).body if isinstance(node, ast.FunctionDef)]
    [text] = [ast.get_docstring(node) or "" for node in functions if node.name == name]
    sentence = text.partition("\n\n")[0].replace("\n", " ").removeprefix("Draw ")
    return sentence[:1].upper() + sentence[1:]


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
