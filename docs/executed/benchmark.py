"""The directive `benchmark`: the tables of a file in `benchmarks/results`, and a line about what made it."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from executed.pages import DOCS

RESULTS = DOCS.parent / "benchmarks" / "results"
DIGITS = 3
"""So many digits has the median of a column; the others have as many decimals."""
MOST_DECIMALS = 4


class Benchmark(SphinxDirective):
    """All tables of a file, or with `:table:` the one of a title, so that no page types a figure."""

    required_arguments: ClassVar[int] = 1
    option_spec: ClassVar[dict[str, Any]] = {"table": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Read the file.

        Raises:
            ExtensionError: there is no such file, or no such table in it.
        """
        path = RESULTS / f"{self.arguments[0]}.json"
        self.env.note_dependency(str(path))
        document = read(path, f"{self.env.docname}.md, line {self.lineno}")
        tables = document["tables"]
        if "table" in self.options:
            tables = [table for table in tables if table["title"] == self.options["table"]]
        if not tables:
            titles = [table["title"] for table in document["tables"]]
            raise ExtensionError(
                f"{self.env.docname}.md, line {self.lineno}: {path.name} has the tables {titles}, and none "
                f"with the title {self.options.get('table')!r}."
            )
        return [*map(_table, tables), _source(document)]


def read(path: Path, place: str) -> dict[str, Any]:
    """The document in a file.

    Raises:
        ExtensionError: there is no such file; the message has the command that makes it.
    """
    if not path.exists():
        script = path.stem.partition("-")[0]
        raise ExtensionError(
            f"{place}: there is no file benchmarks/results/{path.name}. Make it on a machine with nothing "
            f"else to do: python benchmarks/{script}.py --save benchmarks/results/{path.name}"
        )
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _table(table: dict[str, Any]) -> nodes.table:
    columns = [cells(column) for column in zip(*table["rows"], strict=True)]
    right = [is_number(column) for column in zip(*table["rows"], strict=True)]
    drawn = nodes.table("", nodes.title("", table["title"]), classes=["benchmark"])
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in columns), cols=len(columns))
    rows = [_row(texts, right) for texts in zip(*columns, strict=True)]
    group += [nodes.thead("", _row(table["columns"], right)), nodes.tbody("", *rows)]
    drawn += group
    return drawn


def _row(texts: Sequence[str], right: Sequence[bool]) -> nodes.row:
    return nodes.row(
        "",
        *(
            nodes.entry("", nodes.paragraph("", text), classes=["text-right"] if to_the_right else [])
            for text, to_the_right in zip(texts, right, strict=True)
        ),
    )


def is_number(column: Sequence[Any]) -> bool:
    """Whether all that is known in a column are numbers."""
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(value, (int, float)) for value in known)


def cells(column: Sequence[Any]) -> list[str]:
    """The texts of a column, all numbers with as many decimals as give its median three digits."""
    if not is_number(column):
        return ["-" if value is None else str(value) for value in column]
    decimals = _decimals(column)
    return ["-" if value is None else f"{value:,.{decimals}f}" for value in column]


def _decimals(column: Sequence[Any]) -> int:
    sizes = [abs(value) for value in column if value]
    if not sizes or all(isinstance(value, int) for value in column if value is not None):
        return 0
    before_the_point = math.floor(math.log10(statistics.median(sizes))) + 1
    return min(max(DIGITS - before_the_point, 0), MOST_DECIMALS)


def _source(document: dict[str, Any]) -> nodes.paragraph:
    machine = document["machine"]
    parts = [document["date"], machine["processor"]]
    if "cores" in machine:
        parts += [f"{machine['cores']} cores", f"{machine['memory_gb']} GB"]
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    command = nodes.literal("", document["command"])
    text = nodes.Text(f", {', '.join(parts)}. {versions}.")
    return nodes.paragraph("", "", command, text, classes=["benchmark-source"])
