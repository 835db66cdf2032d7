"""The tables of the command in terminals of several widths."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.study.layout import cells
from hpo.study.numbers import alike
from tests.terminals import CODES, run_in_terminal

NAMES = ("learning_rate", "x", "the dropout of the first of all hidden layers", "文字の数", "units", "a" * 90)


def objective(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    if config["x"] > 0.9:
        raise ValueError("x is above nine tenths, which this objective does not take, as it says at length")
    for epoch in range(1, 10):
        yield {"val_error": config["x"] / epoch, "accuracy": 1 - config["x"], "another metric": 1e-7 * epoch}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "s.db"
    for count in (1, 6, 12):
        names = [*NAMES, *(f"hyperparameter_{number}" for number in range(6))][12 - count :]
        space: dict[str, object] = {name: hpo.Float(1e-4, 1, log=True) for name in names}
        hpo.search(
            objective,
            space | {"x": hpo.Float(0, 1)},
            minimize="val_error",
            num_trials=30,
            seed=0,
            scheduler=hpo.ASHA(1, 9, eta=3),
            storage=path,
            name=f"{count} hyperparameters",
        )
    return path


def in_a_terminal(columns: int, *words: str, **variables: str) -> str:
    """What a program that succeeds writes to a terminal of that width."""
    written, code = run_in_terminal(*words, columns=columns, variables=variables)
    assert code == 0, written
    return written.replace("\r\n", "\n")


def table_in(output: str) -> list[str]:
    """The lines from the names of the columns to what stands below the table."""
    lines = output.splitlines()
    start = next(number for number, line in enumerate(lines) if re.match(r" *(trial|name) ", line))
    return lines[start : next(n for n, line in enumerate([*lines[start:], ""], start) if not line.strip())]


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("count", [1, 6, 12])
def test_a_shown_study_fits_the_terminal_and_lacks_nothing(count: int, columns: int, stored: Path) -> None:
    name = f"{count} hyperparameters"
    output = in_a_terminal(columns, "-m", "hpo", "show", str(stored), name, "--metrics", "all")
    table = table_in(CODES.sub("", output))
    assert max(map(cells, table)) <= columns
    study = hpo.load_study(stored, name)
    shown = study.top(20)
    for hyperparameter in study.space:
        numbers = alike([trial.config[hyperparameter] for trial in shown])
        assert all(number.strip() in "\n".join(table) for number in numbers), hyperparameter
    assert {"accuracy", "metric"} <= set("\n".join(table).replace("=", " ").split())


@pytest.mark.parametrize("columns", [80, 200])
def test_a_printed_study_fits_the_terminal(columns: int, stored: Path) -> None:
    code = f"import hpo; print(hpo.load_study({str(stored)!r}, '12 hyperparameters'))"
    lines = in_a_terminal(columns, "-c", code).splitlines()
    # A word that is wider than the terminal stays whole, for it may be a path to copy.
    assert all(cells(line) <= columns or " " not in line for line in lines)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_list_of_studies_fits_the_terminal_and_lacks_nothing(columns: int, stored: Path) -> None:
    table = table_in(CODES.sub("", in_a_terminal(columns, "-m", "hpo", "list", str(stored))))
    assert max(map(cells, table)) <= columns
    # In 40 cells the longest texts are cut.
    for text in ("12 hyperparameters", "numpy", "minimize val_error", *(["stopped"] if columns > 40 else [])):
        assert text in "\n".join(table)


def test_without_colours_the_best_is_bold_and_named(stored: Path) -> None:
    output = in_a_terminal(80, "-m", "hpo", "show", str(stored), "1 hyperparameters", NO_COLOR="1")
    assert re.search("\x1b\\[1mbest +\\d+ ", output)
    assert "\x1b[32m" not in output
    assert ";32m" not in output


def test_hpo_show_says_how_the_best_was_found(stored: Path) -> None:
    output = in_a_terminal(200, "-m", "hpo", "show", str(stored), "1 hyperparameters")
    assert re.search(r"\(trial \d+, 9 epochs, proposed by RandomSearch", output)


def test_a_metric_that_is_not_there_is_refused(stored: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "hpo", "show", str(stored), "1 hyperparameters", "--metrics", "loss"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "reported a metric 'loss'; there are: val_error, accuracy, another metric." in run.stderr
