"""What a user copies from a terminal has no line break of ours in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from hpo.cli import screen
from hpo.tuner.progress.console import open_console, print_line


@pytest.fixture(params=[40, 80, 200])
def console(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.setenv("COLUMNS", str(request.param))
    monkeypatch.setattr("sys.stdout", io.StringIO())
    made = open_console(to_stderr=False)
    made.file = io.StringIO()
    made._force_terminal = True
    return made


COMMAND = "hpo run train:objective --space space.toml --storage '/my studies/study.db' --name first --resume"
TEXTS = [
    f"Interrupted after 7 trials. To go on: {COMMAND}",
    f"Ended at once. What was finished is in study.db. {COMMAND} goes on from there.",
    f"The file is {Path('/') / ('very-long-folder/' * 20)}study.db.",
    'The extra is not installed: pip install "polyhpo[torch]" installs it beside all that is needed.',
    "See https://example.org/" + "page/" * 40,
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_command_or_a_path_is_not_broken(text: str, console: Console) -> None:
    print_line(console, text, style="bold")
    screen.print_fields(console, [("ended", text)])
    output = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert output.count("\n") == 2
    assert output.count(text) == 2


def test_prose_is_wrapped_between_words(console: Console) -> None:
    text = "Several plain words " * 12
    print_line(console, text)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # a StringIO
    assert all(len(line.rstrip()) <= console.width for line in lines)
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
