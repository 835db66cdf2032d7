"""`hpo run --output`: what trials print is shown, or kept beside the storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

OBJECTIVES = """
def chatty(config):
    print("I have", round(config["x"], 3))
    return config["x"]
"""
OPTIONS = (
    "run",
    "chatting:chatty",
    "--space",
    "space.toml",
    "--trials",
    "2",
    "--no-plot",
    "--storage",
    "a.db",
)


@pytest.fixture(autouse=True)
def _objectives() -> None:
    Path("chatting.py").write_text(OBJECTIVES)


def test_it_is_shown_by_default(hpo: Command) -> None:
    answer = hpo(*OPTIONS)
    assert answer.code == 0, answer.stderr
    assert answer.stdout.count("I have 0.") == 2
    assert not list(Path("a.db.files").rglob("*.txt"))


def test_a_log_keeps_it(hpo: Command) -> None:
    answer = hpo(*OPTIONS, "--output", "log")
    assert answer.code == 0, answer.stderr
    assert "I have" not in answer.stdout + answer.stderr
    assert [path.read_text()[:9] for path in Path("a.db.files").rglob("log-0.txt")] == ["I have 0."] * 2


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_document_is_alone_on_standard_output(workers: str, hpo_process: Command) -> None:
    answer = hpo_process(*OPTIONS, "--json", "--workers", workers)
    assert answer.code == 0, answer.stderr
    assert len(answer.document["trials"]) == 2
    assert answer.stderr.count("I have 0.") == 2
