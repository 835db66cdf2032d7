"""Names and texts of a study reach a terminal and a spreadsheet as text, whatever is in them."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
from tests.terminals import CODES, run_in_terminal

HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07\x1b[2J",
    "\x9b31mC1\x9d0;title\x9c\x85",
    "\u202eright to left\u2066\u200b\ufeff",
    "line\nnext\rback\x08\x00\x7f",
)
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
COMMANDS = (
    ["list"],
    ["show"],
    ["show", "--trial", "0"],
    ["show", "--trial", "1"],
    ["export"],
    ["export", "--what", "reports"],
    ["export", "--what", "events"],
    ["export", "--format", "jsonl"],
    ["show", "--json"],
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "s.db"
    text = "".join(HOSTILE)

    def objective(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0, f"other{text}": 2.0}
        if config[f"kind{text}"] == f"b{text}":
            raise ValueError(f"no{text}")

    space = {f"kind{text}": hpo.Ordinal([f"a{text}", f"b{text}"])}
    points = [{f"kind{text}": f"a{text}"}, {f"kind{text}": f"b{text}"}]
    tuner = hpo.Tuner(
        objective, space, minimize="loss", num_trials=2, seed=0, storage=path, points_to_evaluate=points
    )
    tuner.run()
    tuner.note("topic", text)
    return path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "hpo", *words]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_hands_on_what_a_terminal_obeys(words: list[str], stored: Path) -> None:
    verb, *options = words
    run = subprocess.run(command(verb, str(stored), *options), capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.strip()
    assert not UNSAFE.findall(run.stdout + run.stderr)


@pytest.mark.parametrize("words", [["show"], ["show", "--trial", "1"]], ids=" ".join)
def test_in_a_terminal_all_that_it_obeys_is_ours(words: list[str], stored: Path) -> None:
    verb, *options = words
    written, code = run_in_terminal("-m", "hpo", verb, stored, *options, columns=80)
    assert code == 0, written
    text = CODES.sub("", written).replace("\r\n", "\n")
    assert "red" in text
    assert not UNSAFE.findall(text)


def test_nor_does_a_printed_study(stored: Path) -> None:
    study = hpo.load_study(stored)
    assert "\\x1b[31mred" in str(study)
    assert not UNSAFE.findall(str(study) + repr(study))


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-1+1", "@x", "\t=1", "\n=1", "\r=1", " =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x"],
)
def test_no_cell_begins_a_formula(cell: str, tmp_path: Path) -> None:
    space = {"kind": hpo.Ordinal([cell, "other"])}
    points = [{"kind": cell}]
    hpo.search(
        lambda config: 1.0, space, num_trials=1, seed=0, points_to_evaluate=points, storage=tmp_path / "s.db"
    )
    run = subprocess.run(
        command("export", str(tmp_path / "s.db")),
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    [row] = csv.DictReader(io.StringIO(run.stdout))
    [found] = [value for name, value in row.items() if "kind" in name]
    assert found[0] in "'\\"
