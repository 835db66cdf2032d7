"""A table laid out for a width: what does not fit stands in lines of its own under its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

GAP = 2
"""Spaces between two columns."""

NARROWEST = 30
"""Cells that a table takes in the narrowest terminal."""

_SHORTEST_TEXT = 12
_WIDEST_INDENT = 8


class TableLine(NamedTuple):
    """A line of a table.

    Attributes:
        text: what stands there.
        row: the number of the row to which it belongs; None for the names of the columns.
    """

    text: str
    row: int | None


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    Attributes:
        name: stands above it.
        cells: its texts, one a row; those of numbers are of one width.
        is_number: whether it is aligned to the right, and no cell of it may be cut.
    """

    name: str
    cells: Sequence[str]
    is_number: bool

    @property
    def narrowest(self) -> int:
        """Cells that it needs at least."""
        longest = max((cells(text) for text in self.cells), default=0)
        return longest if self.is_number else min(longest, _SHORTEST_TEXT)

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return max(cells(text) for text in (self.name, *self.cells))

    def within(self, width: int) -> TableColumn:
        """The column with all texts cut to a width that is not below `narrowest`."""
        return TableColumn(cut(self.name, width), [cut(text, width) for text in self.cells], self.is_number)


def lay_out(
    columns: Sequence[TableColumn], *, width: int | None = None, movable: Sequence[int] | None = None
) -> list[TableLine]:
    """The lines of a table; numbers are whole in all of them.

    Columns that do not fit move into lines under each row, as `name=value`. Texts are cut last.

    Args:
        columns: all of one length.
        width: cells of a line, at least `NARROWEST`; None for as many as it takes.
        movable: the columns that may move, by number, the first one first; None for all but the first named
            one, from the last on.
    """
    shown = [number for number, column in enumerate(columns) if column.width]
    moved: list[int] = []
    if width is not None:
        width = max(width, NARROWEST)
        named = [number for number in shown if columns[number].name]
        last_resort = named[:0:-1]
        for number in [*(last_resort if movable is None else movable), *last_resort]:
            if _taken([columns[each] for each in shown]) <= width:
                break
            if number in shown:
                shown.remove(number)
                moved.append(number)
    table = [columns[number] for number in shown]
    if width is not None:
        table = _narrowed(table, width)
    return _lines(table, [columns[number] for number in sorted(moved)], width or 0)


def cut(text: str, width: int) -> str:
    """The text, with dots in the place of what does not fit into so many cells."""
    if cells(text) <= width:
        return text
    kept = ""
    for letter in text:
        if cells(kept) + cells(letter) > width - 3:
            break
        kept += letter
    return kept + "..."[: max(1, width)]


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: Chinese letters and emoji take two each."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _taken(columns: Sequence[TableColumn]) -> int:
    return sum(column.width for column in columns) + GAP * max(0, len(columns) - 1)


def _narrowed(columns: Sequence[TableColumn], width: int) -> list[TableColumn]:
    """The columns with the longest texts cut, as far as it has to be."""
    narrowed = list(columns)
    while (over := _taken(narrowed) - width) > 0:
        room = [max(0, column.width - column.narrowest) for column in narrowed]
        widest = room.index(max(room))
        if not room[widest]:
            break
        column = narrowed[widest]
        narrowed[widest] = column.within(max(column.narrowest, column.width - over))
    return narrowed


def _lines(table: Sequence[TableColumn], moved: Sequence[TableColumn], width: int) -> list[TableLine]:
    widths = [column.width for column in table]
    lines = [TableLine(_joined(table, widths, [column.name for column in table]), None)]
    first = widths[0] + GAP if widths else 0
    indent = " " * (first if first <= _WIDEST_INDENT else 4)
    for row in range(len(table[0].cells) if table else 0):
        lines.append(TableLine(_joined(table, widths, [column.cells[row] for column in table]), row))
        items = [_item(column, row, width - len(indent)) for column in moved if column.cells[row].strip()]
        lines += [TableLine(indent + text, row) for text in _wrapped(items, width - len(indent))]
    return lines


def _joined(table: Sequence[TableColumn], widths: Sequence[int], texts: Sequence[str]) -> str:
    padded = []
    for column, width, text in zip(table, widths, texts, strict=True):
        space = " " * (width - cells(text))
        padded.append(space + text if column.is_number else text + space)
    return (" " * GAP).join(padded).rstrip()


def _item(column: TableColumn, row: int, width: int) -> str:
    """A value that moved, with its name; the name is cut first."""
    text = column.cells[row].strip()
    if not column.is_number:
        text = cut(text, max(width // 2, width - cells(column.name) - 2))
    return f"{cut(column.name, width - cells(text) - 2)}={text}"


def _wrapped(items: Sequence[str], width: int) -> list[str]:
    """The items in lines, none of them broken."""
    lines: list[str] = []
    for number, item in enumerate(items):
        item += "," if number < len(items) - 1 else ""
        if lines and cells(lines[-1]) + 1 + cells(item) <= width:
            lines[-1] += f" {item}"
        else:
            lines.append(item)
    return lines
