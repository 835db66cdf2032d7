"""`hpo run --searcher`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hpo.schedulers import SCHEDULERS
from hpo.searchers import SEARCHERS

Command = Callable[..., Any]

OWN = ("own_objectives:square", "--space", "space.toml", "--no-plot", "--trials", "4")


def test_the_named_searcher_proposes(hpo: Command) -> None:
    answer = hpo("run", *OWN, "--searcher", "sobol", "--storage", "study.db")
    assert "searcher  sobol" in answer.stdout
    assert "search      SobolSearch, scheduler FIFO" in hpo("show", "study.db").stdout


def test_the_header_says_why_auto_chose(hpo: Command) -> None:
    answer = hpo("run", *OWN, "--searcher", "auto")
    why = "auto (it takes gp: 1 hyperparameter and fewer than 500 trials), scheduler FIFO"
    assert f"searcher  {why}" in answer.stdout
    assert "searcher  random, scheduler FIFO" in hpo("run", *OWN).stdout


def test_one_that_is_not_there_is_refused_with_those_that_are(hpo: Command) -> None:
    answer = hpo("run", *OWN, "--searcher", "tpee")
    assert answer.code == 2
    assert "no searcher 'tpee'. Known are: 'auto', 'gp', 'grid'" in answer.stderr


def test_the_help_names_each(hpo: Command) -> None:
    text = " ".join(hpo("run", "--help").stdout.split())
    for option, names in (("--searcher", SEARCHERS), ("--scheduler", SCHEDULERS)):
        help_text = text.partition(f"{option} NAME")[2].partition("[default")[0]
        assert set(names) <= set(re.findall(r"[\w-]+", help_text)), option
