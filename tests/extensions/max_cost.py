"""`hpo run --max-cost`."""

from collections.abc import Callable
from typing import Any

Command = Callable[..., Any]


def test_the_epochs_of_all_trials_end_the_search(hpo: Command) -> None:
    own = ("own_objectives:curve", "--space", "space.toml", "--minimize", "loss", "--no-plot")
    answer = hpo("run", *own, "--trials", "9", "--max-cost", "6", "--storage", "study.db")
    assert answer.code == 0
    assert "the trials cost 6 epochs, of 6 that are allowed" in hpo("show", "study.db").stdout


def test_it_is_in_the_help(hpo: Command) -> None:
    assert "--max-cost EPOCHS" in hpo("run", "--help").stdout
