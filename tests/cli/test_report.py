"""`hpo report` writes studies as one HTML file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import hpo as library
from tests.cli.conftest import Hpo

SPACE = {"x": library.Float(0, 1)}


@pytest.fixture(autouse=True)
def _studies(_in_an_empty_folder: None) -> None:
    for name, file in (("one", "study.db"), ("two", "study.db"), ("only", "other.db")):
        library.search(lambda config: config["x"], SPACE, num_trials=3, seed=0, name=name, storage=file)


def test_the_only_study_needs_no_name(hpo: Hpo, tmp_path: Path) -> None:
    answer = hpo("report", "other.db")
    assert answer.code == 0, answer.stderr
    assert answer.stdout.startswith("report of 'only' in report.html, ")
    assert "<title>only</title>" in (tmp_path / "report.html").read_text()


def test_studies_that_are_named_are_compared(hpo: Hpo, tmp_path: Path) -> None:
    answer = hpo("report", "study.db", "one", "two", "-o", "both.html")
    assert answer.stdout.startswith("report of 2 studies in both.html, ")
    assert "<title>2 studies</title>" in (tmp_path / "both.html").read_text()


def test_one_of_several_is_named(hpo: Hpo, tmp_path: Path) -> None:
    answer = hpo("report", "study.db")
    assert answer.code == 2
    assert "study.db holds 2 studies: 'one', 'two'. Name one: hpo report study.db one" in answer.stderr
    assert hpo("report", "study.db", "two").code == 0
    assert "<title>two</title>" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("study.db", "three"), "The studies in it: 'one', 'two'."),
        (("none.db",), "none.db"),
        (("other.db", "-o", "report.pdf"), "ends in .html or .htm; received report.pdf."),
        (("other.db", "-o", "no/report.html"), "the folder no does not exist. Create it, or choose another"),
        (("linked.html", "-o", "linked.html"), "linked.html is the storage of a study, which would be lost"),
    ],
)
def test_a_report_that_cannot_be_is_refused(hpo: Hpo, arguments: tuple[str, ...], text: str) -> None:
    os.link("other.db", "linked.html")
    answer = hpo("report", *arguments)
    assert (answer.code, answer.stdout) == (2, "")
    assert text in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_report_writes_nothing_to_the_storage(hpo: Hpo, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.db*") if path.is_file()}
    assert hpo("report", "other.db").code == 0
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.db*") if path.is_file()} == before
