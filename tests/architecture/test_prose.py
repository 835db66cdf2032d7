"""Sentences have things as their subjects: the tuner, the caller, the trial."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, sources

PERSONS = re.compile(r"\b(nobody|somebody|anybody|whoever|whomever)\b", re.IGNORECASE)
PATHS = [
    *sources("hpo", "backends", "benchmarks", "docs", "examples", "scripts"),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "pyproject.toml", "tox.ini")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_is_about_nobody(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if PERSONS.search(line)]
