"""README.md: two pages, whose figures are those of the library and of the results that are kept."""

from __future__ import annotations

import json
import re
from typing import Any

import hpo.testing
from hpo.ports.causes import NAMES
from tests.docs.pages import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "benchmarks" / "results"


def figure(pattern: str) -> list[str]:
    """What stands in the README where a pattern has its brackets."""
    found = re.search(pattern, " ".join(TEXT.split()))
    assert found, f"The README does not say {pattern!r} any more."
    return list(found.groups())


def test_it_has_two_pages() -> None:
    assert len(TEXT.splitlines()) <= 150


def test_it_counts_the_causes_that_are_known() -> None:
    assert figure(r"one of (\d+) causes") == [str(len(NAMES))]


def test_it_counts_the_contract_suites() -> None:
    suites = [name for name in hpo.testing.__all__ if name.endswith("Contract")]
    assert figure(r"has \[(\d+) suites\]") == [str(len(suites))]


def rows(name: str, title: str) -> list[dict[str, Any]]:
    """The rows of a table of kept results."""
    tables = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["tables"]
    [table] = [table for table in tables if table["title"] == title]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def test_it_says_how_fast_ten_train_together() -> None:
    [row] = [
        row
        for row in rows("cohorts", "Together and one at a time")
        if (row["backend"], row["model"], row["configs together"]) == ("numpy", "softmax regression", 10)
    ]
    assert figure(r"ten of them ([\d.]+) times as fast") == [f"{row['speed beside one at a time']:.1f}"]


def test_it_says_how_often_auto_was_better() -> None:
    [row] = [row for row in rows("searchers", "After 100 trials") if row["auto beside"] == "optuna tpe"]
    better, pairs = row["better"], row["better"] + row["equal"] + row["worse"]
    assert figure(r"the better config in \[(\d+) of (\d+) pairs\]") == [str(better), str(pairs)]
