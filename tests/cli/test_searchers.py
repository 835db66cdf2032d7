"""`hpo run --searcher`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Command = Callable[..., Any]

OWN = ("own_objectives:square", "--space", "space.toml", "--no-plot", "--trials", "4")


def test_the_named_searcher_proposes(hpo: Command) -> None:
    answer = hpo("run", *OWN, "--searcher", "sobol", "--storage", "study.db")
    assert "searcher  sobol" in answer.stdout
    assert "search      SobolSearch, scheduler FIFO" in hpo("show", "study.db").stdout


def test_one_that_is_not_there_is_refused_with_those_that_are(hpo: Command) -> None:
    answer = hpo("run", *OWN, "--searcher", "tpee")
    assert answer.code == 2
    assert "no searcher 'tpee'. Known are: 'auto', 'gp', 'grid'" in answer.stderr
