"""The house style over the site, the README and all docstrings; codespell and proselint over the pages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
MODULES = [path for folder in ("hpo", "backends") for path in sorted((ROOT / folder).rglob("*.py"))]
BANNED = re.compile(r"\b(simply|easily|obviously|trivially|just)\b", re.IGNORECASE)
LONGEST = 40
"""So many words has a sentence at most."""

KNOWN = frozenset(Path(__file__).with_name("abbreviations.txt").read_text(encoding="utf-8").split())
"""Abbreviations that a reader of this field knows. Others are written out where a page first has them, with
the abbreviation in brackets."""


def sentences(text: str) -> Iterator[str]:
    """The sentences of Markdown or reStructuredText, without code, tables, headings and equations."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"^(`{3,}|:{3,}).*?^\1\s*$", "\n\n", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"^\s*(>>>|\.\.\.|\||#|:|\.\. ).*$", "\n", text, flags=re.MULTILINE)
    text = re.sub(r"``.*?``|`[^`]*`|\$[^$\n]*\$", "code", text, flags=re.DOTALL)
    text = re.sub(r"\{[\w:]+\}code", "code", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    for paragraph in re.split(r"\n\s*\n|\n\s*[-*] |\n\s*\d+\. |\n {4,}\S+.*", text):
        yield from re.split(r"(?<=[.!?:;])\s+", " ".join(paragraph.split()))


def docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield ast.get_docstring(node) or ""


def texts(path: Path) -> list[str]:
    return [path.read_text(encoding="utf-8")] if path.suffix == ".md" else list(docstrings(path))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*PAGES, *MODULES], ids=named)
def test_no_sentence_has_to_be_read_twice(path: Path) -> None:
    every = [sentence for text in texts(path) for sentence in sentences(text)]
    assert not [sentence for sentence in every if len(sentence.split()) > LONGEST]


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_page_talks_down_or_around(path: Path) -> None:
    assert not [
        sentence for sentence in sentences(path.read_text(encoding="utf-8")) if BANNED.search(sentence)
    ]


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_page_says_what_its_abbreviations_mean(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = {word for sentence in sentences(text) for word in re.findall(r"\b[A-Z]{2,6}s?\b", sentence)}
    assert not [word for word in used - KNOWN if f"({word})" not in text]


NAMES = ["nd", "rouge", "mape"]
"""Names of other people that look like slips: a module of MXNet, two metrics."""


def test_words_are_spelled_right() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", "--ignore-words-list", ",".join(NAMES)]
        + [str(path) for path in [*PAGES, ROOT / "CHANGELOG.md", *MODULES]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


PASSED_OVER = (
    "typography|weasel_words.very|lexical_illusions|spelling|misc.preferred_forms|misc.phrasal_adjectives"
)
"""What proselint is not asked for: signs that Markdown sets itself, what it finds in code and names."""


def test_proselint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proselint", "check", *map(str, PAGES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    # A message that quotes several lines goes on below its first line.
    said = re.findall(r"^.*:\d+:\d+: .*$", done.stdout, flags=re.MULTILINE)
    assert not [line for line in said if not re.search(rf":\d+:\d+: ({PASSED_OVER})", line)]
