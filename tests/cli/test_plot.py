"""`hpo plot`: figures of stored studies."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hpo as library
from hpo.cli.kinds import described_kinds
from hpo.plots import KINDS

Command = Callable[..., Any]


@pytest.fixture
def study() -> library.Study:
    """Three trials in `study.db`."""
    space = {"x": library.Float(0, 1)}
    return library.search(
        lambda config: config["x"], space, num_trials=3, seed=0, storage="study.db", name="a/b"
    )


def test_a_figure_is_saved_under_the_names_of_study_and_kind(hpo: Command, study: library.Study) -> None:
    answer = hpo("plot", "study.db", "scatter")
    assert (answer.code, answer.stdout) == (0, "scatter of 'a/b' in a-b-scatter.png\n")
    assert Path("a-b-scatter.png").read_bytes().startswith(b"\x89PNG")


def test_the_suffix_of_the_output_says_its_format(hpo: Command, study: library.Study) -> None:
    assert hpo("plot", "study.db", "scatter", "--name", "a/b", "-o", "mine.svg").code == 0
    assert "<svg" in Path("mine.svg").read_text()


def test_an_unknown_kind_is_answered_with_those_that_are_known(hpo: Command, study: library.Study) -> None:
    answer = hpo("plot", "study.db", "scater")
    assert answer.code == 2
    assert "There is no plot 'scater'. Did you mean 'scatter'? Known are: " in answer.stderr
    assert all(kind in answer.stderr for kind in KINDS)


def test_the_help_says_what_each_kind_draws(hpo: Command) -> None:
    said = " ".join(hpo("plot", "--help").stdout.split())
    assert [kind for kind, _ in described_kinds()] == list(KINDS)
    for kind, sentence in described_kinds():
        assert f"{kind} {sentence}" in said
    assert "regret How far the best value so far is from the best known" in said


def test_a_format_that_cannot_be_written_is_refused(hpo: Command, study: library.Study) -> None:
    answer = hpo("plot", "study.db", "scatter", "-o", "a.docx")
    assert answer.code == 2
    assert "The suffix of a plot's file says its format" in answer.stderr


def test_a_study_that_is_not_there_is_said(hpo: Command, study: library.Study) -> None:
    answer = hpo("plot", "study.db", "scatter", "--name", "c")
    assert answer.code == 2
    assert "'c'" in answer.stderr


def test_several_studies_are_told_apart_by_name(hpo: Command, study: library.Study) -> None:
    library.search(lambda config: 1.0, {"x": library.Float(0, 1)}, num_trials=1, storage="study.db", name="b")
    answer = hpo("plot", "study.db", "scatter")
    assert answer.code == 2
    assert "Name one: hpo plot study.db scatter --name a/b" in answer.stderr
