"""What a benchmark found, in a file that the site shows: figures with their command, date and machine.

    python benchmarks/storage.py --save benchmarks/results/storage.json

A script adds the option with `add_save`, and hands its tables to `save` at its end. Cells are raw numbers or
strings, and columns have their units in their names. The directive `benchmark` of the site rounds and draws
them. A file is named after its script, with a dash and a word where there are several: `cohorts-mxnet.json`.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import math
import os
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parent.parent
ALWAYS = ("polyhpo", "numpy", "scipy")
BEHIND = {
    "torch": ("torch",),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "keras"),
    "keras": ("tensorflow", "tensorflow-cpu", "keras"),
    "mxnet": ("mxnet",),
    "gluon": ("mxnet",),
    "jax": ("jax", "flax", "optax"),
    "flax": ("jax", "flax", "optax"),
    "book": ("d2l",),
    "optuna": ("optuna",),
    "optuna gp": ("torch",),
    "syne tune": ("syne-tune",),
    "smac": ("smac",),
    "hyperopt": ("hyperopt",),
    "hebo": ("HEBO",),
    "nevergrad": ("nevergrad",),
}
"""The packages behind a contender whose name has this word."""

DIGITS = 6
"""So many digits of a number are kept, which is more than a measurement has."""


class Table(NamedTuple):
    """A table with the names of its columns."""

    title: str
    columns: list[str]
    rows: list[list[Any]]


def add_save(parser: argparse.ArgumentParser) -> None:
    """Give a script the option `--save FILE`."""
    parser.add_argument(
        "--save", type=_new_file, metavar="FILE", help="write the figures into this JSON file, for the site"
    )


def _new_file(text: str) -> Path:
    """A file that can be written, so that a long run does not fail at its end."""
    path = Path(text)
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent} for the file {path.name}.")
    return path


def save(
    path: Path | None,
    tables: Iterable[Table],
    versions: Mapping[str, str],
    *,
    date: str | None = None,
    machine: Mapping[str, Any] | None = None,
) -> None:
    """Write a document, if `--save` was given.

    Args:
        path: what `--save` was given.
        tables: the figures.
        versions: what was used, see `versions_of`.
        date: when the figures were made, in ISO format; today by default.
        machine: where they were made; by default here.
    """
    if path is None:
        return
    document = {
        "command": typed(sys.argv),
        "date": date or datetime.date.today().isoformat(),
        "machine": dict(this_machine() if machine is None else machine),
        "versions": dict(versions),
        "tables": [_checked(table)._asdict() for table in tables],
    }
    path.write_text(_text(document) + "\n", encoding="utf-8")


def _text(value: Any, margin: str = "") -> str:
    """JSON with a line for each row of a table."""
    inner = margin + " "
    if isinstance(value, dict):
        parts = [f"{_text(name)}: {_text(each, inner)}" for name, each in value.items()]
        return f"{{\n{inner}" + f",\n{inner}".join(parts) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(each, (list, dict)) for each in value):
        return f"[\n{inner}" + f",\n{inner}".join(_text(each, inner) for each in value) + f"\n{margin}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def versions_of(*packages: str) -> dict[str, str]:
    """The versions of Python, of this library and its arithmetic, and of these packages where installed."""
    names = dict.fromkeys((*ALWAYS, *packages))
    found = {name: version for name in names if (version := _version(name))}
    return {"Python": platform.python_version(), **found}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions_behind(contenders: Iterable[str]) -> dict[str, str]:
    """The versions of what these contenders use, by their names."""
    names = list(contenders)
    used = [packages for word, packages in BEHIND.items() if any(word in name for name in names)]
    return versions_of(*(package for packages in used for package in packages))


def this_machine() -> dict[str, Any]:
    """The processor, its cores, and the memory in GB."""
    memory = round(psutil.virtual_memory().total / 1e9)
    return {"processor": _processor(), "cores": os.cpu_count(), "memory_gb": memory}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # no Linux
        return platform.processor() or platform.machine()
    about = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    model = about.get("model name") or platform.machine()
    return f"{model} with AVX-512" if "avx512f" in about.get("flags", "").split() else model


def typed(words: Sequence[str]) -> str:
    """The command as it is typed in the checkout, without paths of this machine."""
    script, *others = words
    return shlex.join(["python", _relative(str(Path(script).resolve())), *map(_relative, others)])


def _relative(word: str) -> str:
    option, equals, value = word.partition("=")
    if equals and option.startswith("--"):
        return f"{option}={_relative(value)}"
    path = Path(word)
    if not path.is_absolute():
        return word
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _checked(table: Table) -> Table:
    for row in table.rows:
        if len(row) != len(table.columns):
            raise ValueError(f"A row of {table.title!r} has {len(row)} cells for {table.columns}: {row}.")
    return table._replace(rows=[[_cell(value) for value in row] for row in table.rows])


def _cell(value: Any) -> Any:
    """A value that JSON has. None stands for what was not reached, and a bare number loses NumPy's type."""
    if value is None or isinstance(value, (str, int)):
        return value
    number = float(value)
    return float(f"{round(number, 12):.{DIGITS}g}") if math.isfinite(number) else None
