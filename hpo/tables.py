"""Tables of a study for a terminal and for a notebook."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

_WIDEST = 48


def shown(value: object) -> str:
    """One value as a table shows it: numbers with four significant digits, long text cut."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4g}"
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def text_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns with their names above them, numbers aligned to the right.

    Example:
        >>> print(text_table(["id", "units"], [[0, 16], [1, 128]]))
        id  units
         0     16
         1    128
    """
    cells = [[shown(value) for value in row] for row in rows]
    columns = range(len(names))
    widths = [max(len(line[i]) for line in [list(names), *cells]) for i in columns]
    right = [all(isinstance(row[i], (int, float)) or row[i] is None for row in rows) for i in columns]
    lines = [
        "  ".join(line[i].rjust(widths[i]) if right[i] else line[i].ljust(widths[i]) for i in columns)
        for line in [list(names), *cells]
    ]
    return "\n".join(line.rstrip() for line in lines)


def html_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The same as an HTML table, everything in it escaped."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(shown(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
