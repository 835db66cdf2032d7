"""Logs that were damaged at one place: every field deleted, of another type, nested or far too large."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

COLUMNS = ("number", "kind", "trial", "attempt", "epoch", "text", "time", "elapsed", "seen")
Row = dict[str, Any]


class Raw(NamedTuple):
    """JSON that no value encodes to, such as an integer of 5000 digits."""

    text: str


DEEP = 100_000
OTHER_TYPES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, -0.0, 2**31, "", "x", "nan", [], {}, [None], {"a": 1}),
    *("\x00", "\x1b[31m", "Ω\u2028", Raw("NaN"), Raw("Infinity"), Raw("1e999"), Raw('"\\ud800"'), Raw("")),
)
ROW_TYPES: tuple[Any, ...] = (
    None,
    0,
    1,
    -1,
    1.5,
    2**31,
    2**63 - 1,
    -(2**63),
    1e308,
    "",
    "x",
    "0",
    b"x",
    b"\xff",
)
LARGE: tuple[Callable[[Any], Any], ...] = (
    lambda _: 2**63,
    lambda _: 2**40,
    lambda _: -(10**400),
    lambda _: Raw("9" * 5000),
    lambda _: 1.7e308,
    lambda value: str(value) * 20_000,
    lambda value: [value] * 1_000,
    lambda value: {str(number): value for number in range(1_000)},
    lambda _: list(range(1_000)),
)
NESTED: tuple[Callable[[Any], Any], ...] = (
    lambda value: [value],
    lambda value: {"value": value},
    lambda value: [[[value]], value],
    lambda _: Raw("[" * 150 + "]" * 150),
    lambda _: Raw("[" * DEEP + "]" * DEEP),
    lambda _: Raw('{"a":' * DEEP + "1" + "}" * DEEP),
)


def read_rows(file: Path) -> list[Row]:
    """The events of the only study in a file."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM hpo_events ORDER BY number").fetchall()
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def write_rows(file: Path, rows: list[Row]) -> None:
    """Put these events in the place of those that are there, of whatever types they are."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute("DROP TABLE hpo_events")
        connection.execute(f"CREATE TABLE hpo_events (study, {', '.join(COLUMNS)})")
        connection.executemany(
            f"INSERT INTO hpo_events VALUES (1, {', '.join('?' * len(COLUMNS))})",
            [[row[name] for name in COLUMNS] for row in rows],
        )
        connection.execute("COMMIT")


def mutated(rows: list[Row], seed: int) -> tuple[list[Row], str]:
    """A log with one thing wrong, and what it is."""
    draw = random.Random(seed)
    rows = [dict(row) for row in rows]
    change = draw.choices((_change_text, _change_row, _change_order), (7, 2, 2))[0]
    return rows, change(draw, rows)


def _change_text(draw: random.Random, rows: list[Row]) -> str:
    """Change a field of an event's content, at any depth."""
    row = draw.choice(rows)
    # The first event holds far more than the others.
    row = rows[0] if draw.random() < 0.25 else row
    content = json.loads(row["text"])
    places = list(_places(content))
    if not places or draw.random() < 0.05:
        row["text"] = draw.choice(["", "{", "[]", "null", row["text"][:-1], row["text"] + "x", "[" * DEEP])
        return f"{row['number']} {row['kind']}: text {row['text'][:40]}"
    holder, key = draw.choice(places)
    was = holder[key]
    how = draw.choice(("delete", "retype", "nest", "enlarge"))
    if how == "delete":
        del holder[key]
    else:
        holder[key] = _other(draw, how, was)
    row["text"] = _encoded(content)
    return f"{row['number']} {row['kind']}: {how} {key!r}: {row['text'][:300]}"


def _change_row(draw: random.Random, rows: list[Row]) -> str:
    """Change a column of an event."""
    row, name = draw.choice(rows), draw.choice(COLUMNS[:-1])
    was, row[name] = row[name], draw.choice(ROW_TYPES)
    return f"{row['number']} {row['kind']}: {name} {was!r:.40} -> {row[name]!r}"


def _change_order(draw: random.Random, rows: list[Row]) -> str:
    """Remove an event, double it, or exchange two; half of the time the numbers are in order again."""
    one, other = sorted(draw.sample(range(len(rows)), 2))
    how = draw.choice(("remove", "cut", "double", "exchange", "empty"))
    if how == "remove":
        del rows[one]
    elif how == "cut":
        del rows[one:other]
    elif how == "double":
        rows.insert(other, dict(rows[one]))
    elif how == "exchange":
        rows[one], rows[other] = rows[other], rows[one]
    else:
        rows.clear()
    if draw.random() < 0.7:
        for number, row in enumerate(rows):
            row["number"] = number
    return f"{how} {one} {other}"


def _other(draw: random.Random, how: str, was: Any) -> Any:
    if how == "retype":
        return draw.choice(OTHER_TYPES)
    return draw.choice(NESTED if how == "nest" else LARGE)(was)


def _places(value: Any) -> Any:
    """Every field of a document: what holds it, and its key there."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _encoded(content: Any) -> str:
    raw: list[str] = []

    def spare(value: Any) -> Any:
        if isinstance(value, Raw):
            raw.append(value.text)
            return f"@raw {len(raw) - 1}@"
        if isinstance(value, dict):
            return {key: spare(inner) for key, inner in value.items()}
        return [spare(inner) for inner in value] if isinstance(value, list) else value

    text = json.dumps(spare(content))
    for number, given in enumerate(raw):
        text = text.replace(f'"@raw {number}@"', given)
    return text
