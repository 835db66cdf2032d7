"""Arguments in another order, or too many of them, are answered with how the command is written."""

from collections.abc import Callable
from typing import Any

import pytest

import hpo as library
from hpo.cli.app import app

Command = Callable[..., Any]


@pytest.fixture(autouse=True)
def _a_study() -> None:
    space = {"x": library.Float(0, 1)}
    library.search(
        lambda config: config["x"], space, num_trials=3, seed=0, storage="study.db", name="my study"
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            ["plot", "study.db", "my study", "history"],
            "hpo plot takes FILE KIND, in this order. A study is named by --name NAME. "
            "Received: hpo plot study.db 'my study' history",
        ),
        (["list", "study.db", "mine"], "hpo list takes FILE. Received: hpo list study.db mine"),
        (["show", "study.db", "a", "b"], "hpo show takes FILE [NAME], in this order. Received: "),
        (["data", "mine"], "hpo data takes no arguments. Received: hpo data mine"),
    ],
)
def test_too_many_arguments_are_answered_with_those_there_are(
    hpo: Command, typed: list[str], said: str
) -> None:
    answer = hpo(*typed)
    assert (answer.code, answer.stdout) == (2, "")
    assert said in answer.stderr


@pytest.mark.parametrize("command", ["show", "export", "report", "sweep"])
def test_a_storage_that_does_not_come_first_is_put_there(hpo: Command, command: str) -> None:
    answer = hpo(command, "my study", "study.db")
    assert answer.code == 2
    assert f"Try: hpo {command} study.db 'my study'" in answer.stderr


def test_the_kind_of_a_figure_comes_after_the_storage(hpo: Command) -> None:
    said = hpo("plot", "history", "--name", "my study", "study.db").stderr
    assert "Try: hpo plot study.db history --name 'my study'" in said


def test_a_study_in_the_place_of_a_kind_is_no_kind(hpo: Command) -> None:
    library.search(lambda config: 1.0, {"x": library.Float(0, 1)}, num_trials=1, storage="study.db", name="b")
    assert "There is no plot 'b'." in hpo("plot", "study.db", "b").stderr


def test_every_command_says_how_it_is_written(hpo: Command) -> None:
    commands = {str(command.name) for command in app.registered_commands}
    for command in commands - {"report"}:  # which takes any number of studies
        assert f"hpo {command} takes " in hpo(command, "word", "word", "word").stderr
